//! The recurrent network: candle's LSTM, in one thread, from weights drawn from our own stream
//! (candle's generator has no seed on a processor).

use crate::data::{Data, Session, stream};
use crate::{Result, Trained};
use candle_core::{DType, Device, Tensor, Var};
use candle_nn::rnn::{LSTM, LSTMConfig, RNN};
use candle_nn::{AdamW, Optimizer, ParamsAdamW, VarBuilder};
use millrace::clickstream::features::SYMBOLS;
use millrace::clickstream::intent::{Lstm, Model};
use millrace::rng::Rng;
use std::collections::HashMap;

const HIDDEN: usize = 32;
const EPOCHS: usize = 12;
const BATCH: usize = 64;
/// Learning goes this many clicks into a session; answering has no end.
const STEPS: usize = 80;
const RATE: f64 = 4e-3;

struct Net {
    variables: HashMap<&'static str, Var>,
    lstm: LSTM,
}

/// Uniform within the square root of one by the number of cells, as is usual.
fn draw(rng: &mut Rng, shape: &[usize]) -> Result<Var> {
    let bound = 1.0 / (HIDDEN as f64).sqrt();
    let n = shape.iter().product();
    let values: Vec<f32> = (0..n)
        .map(|_| ((2.0 * rng.unit() - 1.0) * bound) as f32)
        .collect();
    Ok(Var::from_tensor(&Tensor::from_vec(
        values,
        shape,
        &Device::Cpu,
    )?)?)
}

impl Net {
    fn new() -> Result<Self> {
        let mut rng = stream(4);
        let mut variables = HashMap::new();
        for (name, shape) in [
            ("weight_ih_l0", vec![4 * HIDDEN, 5]),
            ("weight_hh_l0", vec![4 * HIDDEN, HIDDEN]),
            ("bias_ih_l0", vec![4 * HIDDEN]),
            ("bias_hh_l0", vec![4 * HIDDEN]),
            ("head", vec![HIDDEN, 1]),
            ("bias", vec![1]),
        ] {
            variables.insert(name, draw(&mut rng, &shape)?);
        }
        let tensors = variables
            .iter()
            .map(|(name, variable)| ((*name).to_owned(), variable.as_tensor().clone()))
            .collect();
        let builder = VarBuilder::from_tensors(tensors, DType::F32, &Device::Cpu);
        let lstm = LSTM::new(5, HIDDEN, LSTMConfig::default(), builder)?;
        Ok(Self { variables, lstm })
    }

    /// The log-odds after each step: batch × steps.
    fn log_odds(&self, input: &Tensor) -> Result<Tensor> {
        let states = self.lstm.seq(input)?;
        let outputs = self.lstm.states_to_tensor(&states)?;
        let (batch, steps, hidden) = outputs.dims3()?;
        let flat = outputs.reshape((batch * steps, hidden))?;
        let sums = flat.matmul(self.variables["head"].as_tensor())?;
        let sums = sums.broadcast_add(self.variables["bias"].as_tensor())?;
        Ok(sums.reshape((batch, steps))?)
    }

    fn values(&self, name: &str) -> Result<Vec<f32>> {
        Ok(self.variables[name].as_tensor().flatten_all()?.to_vec1()?)
    }
}

/// One column for each symbol, 1 where it is clicked.
fn encode(symbols: &[u8], steps: usize) -> Vec<f32> {
    let mut columns = vec![0.0; steps * 5];
    for (step, symbol) in symbols.iter().take(steps).enumerate() {
        let place = SYMBOLS
            .iter()
            .position(|s| s == symbol)
            .expect("no purchase");
        columns[step * 5 + place] = 1.0;
    }
    columns
}

/// The mean loss of a batch: of each session half is its last answer's, half all of its answers'.
fn loss(net: &Net, batch: &[&Session]) -> Result<Tensor> {
    let steps = batch
        .iter()
        .map(|s| s.symbols.len().min(STEPS))
        .max()
        .unwrap_or(1);
    let shape = (batch.len(), steps);
    let input: Vec<f32> = batch
        .iter()
        .flat_map(|s| encode(&s.symbols, steps))
        .collect();
    let input = Tensor::from_vec(input, (batch.len(), steps, 5), &Device::Cpu)?;
    let mut weights = vec![0.0; batch.len() * steps];
    let mut targets = weights.clone();
    for (row, session) in batch.iter().enumerate() {
        let n = session.symbols.len().min(steps);
        let row = row * steps..row * steps + n;
        weights[row.clone()].fill(0.5 / n as f32);
        weights[row.end - 1] += 0.5;
        targets[row].fill(f32::from(u8::from(session.bought)));
    }
    let weights = Tensor::from_vec(weights, shape, &Device::Cpu)?;
    let targets = Tensor::from_vec(targets, shape, &Device::Cpu)?;
    let x = net.log_odds(&input)?;
    // The cross entropy of log-odds, as it is computed without overflow.
    let tail = (x.abs()?.neg()?.exp()? + 1.0)?.log()?;
    let losses = ((x.relu()? - (&x * targets)?)? + tail)?;
    Ok(((losses * weights)?.sum_all()? / batch.len() as f64)?)
}

pub fn lstm(data: &Data) -> Result<Trained> {
    let net = Net::new()?;
    let mut names: Vec<_> = net.variables.keys().copied().collect();
    names.sort_unstable();
    let variables = names
        .iter()
        .map(|name| net.variables[name].clone())
        .collect();
    let mut optimizer = AdamW::new(variables, ParamsAdamW::default())?;
    let mut rng = stream(5);
    // Sessions of about one length go together, so that little is computed for nothing.
    let mut sessions: Vec<&Session> = data.train.iter().collect();
    sessions.sort_by_key(|session| session.symbols.len());
    let mut batches: Vec<&[&Session]> = sessions.chunks(BATCH).collect();
    for epoch in 0..EPOCHS {
        for at in (1..batches.len()).rev() {
            batches.swap(at, rng.below(at as u64 + 1) as usize);
        }
        // Down to nothing along half a cosine.
        let left = (std::f64::consts::PI * epoch as f64 / EPOCHS as f64).cos();
        optimizer.set_learning_rate(RATE * (1.0 + left) / 2.0);
        let mut sum = 0.0;
        for batch in &batches {
            let loss = loss(&net, batch)?;
            let gradients = clipped(&net, &loss)?;
            optimizer.step(&gradients)?;
            sum += f64::from(loss.to_scalar::<f32>()?);
        }
        println!(
            "lstm, epoch {epoch}: loss {:.4}",
            sum / batches.len() as f64
        );
    }
    let model = Model::Lstm(Lstm::new(
        &net.values("weight_ih_l0")?,
        net.values("weight_hh_l0")?,
        &added(&net.values("bias_ih_l0")?, &net.values("bias_hh_l0")?),
        net.values("head")?,
        net.values("bias")?[0],
    ));
    Ok(Trained {
        model,
        theirs: Box::new(move |symbols| {
            let input = encode(symbols, symbols.len());
            let input = Tensor::from_vec(input, (1, symbols.len(), 5), &Device::Cpu)?;
            let answers = net.log_odds(&input)?.flatten_all()?.to_vec1::<f32>()?;
            Ok(f64::from(*answers.last().ok_or("no symbol")?))
        }),
    })
}

fn added(a: &[f32], b: &[f32]) -> Vec<f32> {
    a.iter().zip(b).map(|(a, b)| a + b).collect()
}

/// Gradients, made shorter where they are long: a recurrent network's now and then explode.
fn clipped(net: &Net, loss: &Tensor) -> Result<candle_core::backprop::GradStore> {
    let mut gradients = loss.backward()?;
    for variable in net.variables.values() {
        if let Some(gradient) = gradients.get(variable) {
            let long = f64::from(gradient.sqr()?.sum_all()?.to_scalar::<f32>()?).sqrt();
            if long > 1.0 {
                let shorter = (gradient / long)?;
                gradients.insert(variable, shorter);
            }
        }
    }
    Ok(gradients)
}

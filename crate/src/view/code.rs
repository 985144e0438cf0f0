//! What the picture does, as real client code with the settings in force.

use crate::client::{ConsumerConfig, ProducerConfig};
use crate::protocol::Service;
use crate::shop::{CommitMode, Sending, Worker};
use crate::sim::{Shops, World};
use std::fmt::Write as _;

/// Client code in one language.
#[derive(Clone, PartialEq, Eq, Debug)]
pub struct Listing {
    /// The language and the client.
    pub language: String,
    /// What it is code of.
    pub title: String,
    /// The code.
    pub code: String,
    /// What to know about it, in a sentence or two; empty if nothing.
    pub note: String,
}

/// The shop's producer and payment's consumer, in Python and Java; nothing where there is no shop.
#[must_use]
pub fn listings(world: &World) -> Vec<Listing> {
    let Some(shops) = world.shops() else {
        return Vec::new();
    };
    let settings = world.settings();
    let producer = &world.shop_producer();
    let consumer = &Worker::consumer_config(Shops::group(Service::Payment), settings.commit);
    let topic = world.topic_name(shops.sent_to);
    vec![
        python_producer(producer, settings.sending, topic),
        python_consumer(consumer, settings.commit),
        java_producer(producer, settings.sending, topic),
        java_consumer(consumer, settings.commit),
    ]
}

/// What the sending mode loses, as the course notes leave it out.
fn sending_note(sending: Sending) -> String {
    match sending {
        Sending::FireAndForget => {
            "The notes' fire-and-forget example ends without flush(): produce() only puts the record \
             into the client's buffer, so whatever has not been sent when the program ends is lost, \
             and nobody is told. With ten short messages that is usually all ten."
        }
        Sending::Callback => {
            "The callback runs inside poll() or flush(). Without a last flush() the records still in \
             the buffer are lost when the program ends."
        }
        Sending::Synchronous => {
            "Waiting for each acknowledgement before the next send makes every batch a single record: \
             one round trip an order and worker."
        }
    }
    .into()
}

/// Any broker tells of all others; three names, so that one may be down.
const BOOTSTRAP: &str = "broker-1:9092,broker-2:9092,broker-3:9092";
const PYTHON: &str = "Python · confluent-kafka";
const JAVA: &str = "Java · kafka-clients 4.0";

fn python_producer(config: &ProducerConfig, sending: Sending, topic: &str) -> Listing {
    let mut code = String::from("from confluent_kafka import Producer\nimport json\n\n");
    writeln!(
        code,
        "producer = Producer({{\n    'bootstrap.servers': '{BOOTSTRAP}',\n    'acks': '{}',\n    \
         'linger.ms': {},\n    'batch.size': {},\n    # the Java client's default; librdkafka's own is \
         consistent_random (CRC32)\n    'partitioner': 'murmur2_random',\n    \
         'enable.idempotence': False,\n}})\n",
        config.acks.value(),
        config.linger_ms,
        config.batch_size
    )
    .expect("writing to a string cannot fail");
    let (callback, send) = match sending {
        Sending::Callback => (
            "def delivered(err, msg):\n    if err is not None:\n        refuse(msg.key())\n    \
             else:\n        accept(msg.key())\n\n",
            format!(
                "    producer.produce('{topic}', key=customer, value=json.dumps(order),\n                     \
                 on_delivery=delivered)\n    producer.poll(0)   # runs callbacks\n"
            ),
        ),
        Sending::Synchronous => (
            "",
            format!(
                "    producer.produce('{topic}', key=customer, value=json.dumps(order))\n    \
                 producer.flush()   # waits for the acknowledgement\n    accept(customer)\n"
            ),
        ),
        Sending::FireAndForget => (
            "",
            format!(
                "    producer.produce('{topic}', key=customer, value=json.dumps(order))\n    \
                 accept(customer)   # nobody looks at what becomes of it\n"
            ),
        ),
    };
    write!(code, "{callback}def place(customer, order):\n{send}").expect("as above");
    if sending != Sending::Synchronous {
        code.push_str("\n# before the program ends:\nproducer.flush()\n");
    }
    Listing {
        language: PYTHON.into(),
        title: "the shop's producer".into(),
        code,
        note: sending_note(sending),
    }
}

fn python_consumer(config: &ConsumerConfig, commit: CommitMode) -> Listing {
    let auto = commit == CommitMode::Auto;
    let python_bool = if auto { "True" } else { "False" };
    let commit_line = if auto {
        ""
    } else {
        "    consumer.commit(msg, asynchronous=False)\n"
    };
    let code = format!(
        "from confluent_kafka import Consumer\nimport json\n\nconsumer = Consumer({{\n    \
         'bootstrap.servers': '{BOOTSTRAP}',\n    'group.id': '{}',\n    \
         'auto.offset.reset': 'earliest',\n    'enable.auto.commit': {python_bool},\n    \
         'auto.commit.interval.ms': {},\n    'session.timeout.ms': {},\n}})\n\
         consumer.subscribe(['orders'])\n\nwhile True:\n    msg = consumer.poll(1.0)\n    \
         if msg is None or msg.error():\n        continue\n    charge(json.loads(msg.value()))\n\
         {commit_line}",
        Service::Payment.name(),
        config.auto_commit_interval_ms,
        config.session_timeout_ms,
    );
    Listing {
        language: PYTHON.into(),
        title: "payment's consumer".into(),
        code,
        note: commit_note(commit),
    }
}

fn java_producer(config: &ProducerConfig, sending: Sending, topic: &str) -> Listing {
    let send = match sending {
        Sending::Callback => {
            "producer.send(record, (metadata, error) -> {\n    if (error == null) accept(customer);\n    \
             else refuse(customer);\n});"
        }
        Sending::Synchronous => "producer.send(record).get();   // waits\naccept(customer);",
        Sending::FireAndForget => "producer.send(record);   // nobody looks\naccept(customer);",
    };
    let code = format!(
        "var props = new Properties();\nprops.put(\"bootstrap.servers\", \"{BOOTSTRAP}\");\n\
         props.put(\"acks\", \"{}\");\nprops.put(\"linger.ms\", \"{}\");\n\
         props.put(\"batch.size\", \"{}\");\nprops.put(\"enable.idempotence\", \"false\");\n\
         var producer = new KafkaProducer<>(props, new StringSerializer(), new StringSerializer());\n\n\
         var record = new ProducerRecord<>(\"{topic}\", customer, json);\n{send}\n\n\
         // before the program ends: sends what is buffered\nproducer.close();\n",
        config.acks.value(),
        config.linger_ms,
        config.batch_size
    );
    Listing {
        language: JAVA.into(),
        title: "the shop's producer".into(),
        code,
        note: sending_note(sending),
    }
}

fn java_consumer(config: &ConsumerConfig, commit: CommitMode) -> Listing {
    let auto = commit == CommitMode::Auto;
    let commit_line = if auto {
        ""
    } else {
        "        consumer.commitSync();\n"
    };
    let code = format!(
        "var props = new Properties();\nprops.put(\"bootstrap.servers\", \"{BOOTSTRAP}\");\n\
         props.put(\"group.id\", \"{}\");\nprops.put(\"auto.offset.reset\", \"earliest\");\n\
         props.put(\"enable.auto.commit\", \"{auto}\");\nprops.put(\"max.poll.records\", \"{}\");\n\
         props.put(\"session.timeout.ms\", \"{}\");\n\
         var consumer = new KafkaConsumer<>(props, new StringDeserializer(), new StringDeserializer());\n\
         consumer.subscribe(List.of(\"orders\"));\n\nwhile (true) {{\n    \
         for (var record : consumer.poll(Duration.ofSeconds(1))) {{\n        charge(record.value());\n\
         {commit_line}    }}\n}}\n",
        Service::Payment.name(),
        config.max_poll_records,
        config.session_timeout_ms,
    );
    Listing {
        language: JAVA.into(),
        title: "payment's consumer".into(),
        code,
        note: commit_note(commit),
    }
}

fn commit_note(commit: CommitMode) -> String {
    match commit {
        CommitMode::Auto => {
            "The default. A poll commits what the polls before it returned, at most every five \
             seconds: a consumer that dies in between does up to five seconds of work again."
        }
        CommitMode::EachRecord => {
            "Committed after the work: what was done and not yet committed is done again after a \
             crash. At least once."
        }
    }
    .into()
}

//! What a visitor did with one click, as one of six symbols.
//!
//! Symbols and their numbers are those of Requena et al., *Shopper intent prediction from clickstream
//! e-commerce data with minimal browsing information* (Scientific Reports 10, 2020).

/// What a click did. Where a session is a list of bytes, each byte is one of these numbers, 1 to 6.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord, Hash)]
#[repr(u8)]
pub enum Symbol {
    /// A page that is not a product's.
    View = 1,
    /// A product's page.
    Detail = 2,
    /// A product into the cart.
    Add = 3,
    /// A product out of the cart.
    Remove = 4,
    /// The cart is bought.
    Purchase = 5,
    /// A result of a search is clicked.
    Click = 6,
}

impl Symbol {
    /// All, in the order of their numbers.
    pub const ALL: [Self; 6] = [
        Self::View,
        Self::Detail,
        Self::Add,
        Self::Remove,
        Self::Purchase,
        Self::Click,
    ];

    /// Its number, 1 to 6.
    #[must_use]
    pub const fn number(self) -> u8 {
        self as u8
    }

    /// The symbol with this number; `None` where there is none.
    #[must_use]
    pub fn from_number(number: u8) -> Option<Self> {
        let at = usize::from(number).checked_sub(1)?;
        Self::ALL.get(at).copied()
    }

    /// The symbol written as this digit, `b'1'` to `b'6'`.
    #[must_use]
    pub fn from_digit(digit: u8) -> Option<Self> {
        Self::from_number(digit.wrapping_sub(b'0'))
    }

    /// What it is called in files: `view`, `detail`, `add`, `remove`, `purchase`, `click`.
    #[must_use]
    pub const fn name(self) -> &'static str {
        match self {
            Self::View => "view",
            Self::Detail => "detail",
            Self::Add => "add",
            Self::Remove => "remove",
            Self::Purchase => "purchase",
            Self::Click => "click",
        }
    }

    /// The symbol of this name.
    #[must_use]
    pub fn from_name(name: &[u8]) -> Option<Self> {
        let found = |symbol: &Self| symbol.name().as_bytes() == name;
        Self::ALL.into_iter().find(found)
    }
}

/// Symbols as a file shows them: one digit each, `1221`.
///
/// # Panics
/// In tests, if a number is no symbol's.
#[must_use]
pub fn digits(symbols: &[u8]) -> String {
    let digit = |&number: &u8| {
        debug_assert!(Symbol::from_number(number).is_some());
        char::from(b'0' + number)
    };
    symbols.iter().map(digit).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn each_symbol_is_found_by_number_digit_and_name() {
        for (symbol, number) in Symbol::ALL.into_iter().zip(1..) {
            assert_eq!(symbol.number(), number);
            assert_eq!(Symbol::from_number(number), Some(symbol));
            assert_eq!(Symbol::from_digit(b'0' + number), Some(symbol));
            assert_eq!(Symbol::from_name(symbol.name().as_bytes()), Some(symbol));
        }
        for wrong in [0, 7, 255] {
            assert_eq!(Symbol::from_number(wrong), None);
        }
        assert_eq!(Symbol::from_digit(b'0'), None);
        assert_eq!(Symbol::from_digit(0), None);
        assert_eq!(Symbol::from_name(b"buy"), None);
        assert_eq!(digits(&[1, 2, 2, 1]), "1221");
    }
}

//! A person's own data: the link to it, what can be done, and what was done.

use serde::Serialize;

use super::{Frame, Page};

/// Says that a letter with a fresh link is under way.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct LinkSent {
    /// Site, theme, base.
    #[serde(flatten)]
    pub frame: Frame,
}
page!(LinkSent, "link_sent");

/// What a person can do with the data that is kept. Fields: `act` (`download`, `address`, `erase`), `email`, `sure`.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Data {
    /// Site, theme, base.
    #[serde(flatten)]
    pub frame: Frame,
    /// Where the forms go.
    pub action: String,
    /// The person's address.
    pub email: String,
    /// What to mend; `None` at first.
    pub error: Option<String>,
}
page!(Data, "data");

/// Says that nothing is kept any more.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Erased {
    /// Site, theme, base.
    #[serde(flatten)]
    pub frame: Frame,
}
page!(Erased, "erased");

/// Asks for the press of a button that puts a new address in the place of the old one.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct NewAddress {
    /// Site, theme, base.
    #[serde(flatten)]
    pub frame: Frame,
    /// Where the button goes.
    pub action: String,
    /// The new address.
    pub email: String,
    /// Why it could not be; `None` at first.
    pub error: Option<String>,
}
page!(NewAddress, "new_address");

/// Says that a letter to the new address is under way.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AddressAsked {
    /// Site, theme, base.
    #[serde(flatten)]
    pub frame: Frame,
    /// The new address, as it was typed.
    pub email: String,
}
page!(AddressAsked, "address_asked");

/// Says where letters go from now on.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct AddressChanged {
    /// Site, theme, base.
    #[serde(flatten)]
    pub frame: Frame,
    /// The new address.
    pub email: String,
}
page!(AddressChanged, "address_changed");

/// Says that older links open nothing any more.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Renewed {
    /// Site, theme, base.
    #[serde(flatten)]
    pub frame: Frame,
    /// The new preferences page.
    pub preferences_url: String,
}
page!(Renewed, "renewed");

//! The links of a driver by their ids.

use core::hash::BuildHasherDefault;
use std::collections::HashMap;

use super::slot::Slot;
use crate::id::LinkId;
use crate::ordered::Numbers;

/// The links that there are.
pub(super) type Slots<T> = HashMap<LinkId, Slot<T>, BuildHasherDefault<Numbers>>;

//! Known deviations, from the first run to a list that is out of date; and comparing two runs. The target is a server
//! whose answers the tests choose.

mod known {
    pub(crate) mod diff;
    pub(crate) mod list;
    pub(crate) mod malformed;
    pub(crate) mod sequences;
    pub(crate) mod target;
}

//! Pages that sleep: told from dead ones, not fed, and given what they missed when they wake.

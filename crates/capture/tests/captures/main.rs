//! Capture files: real ones, damaged ones, several at once.

#[cfg(test)]
mod damage;
#[cfg(test)]
mod files;
#[cfg(test)]
mod made;
#[cfg(test)]
mod merge;
#[cfg(test)]
mod sections;

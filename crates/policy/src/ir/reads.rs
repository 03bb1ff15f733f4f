//! What a condition looks at.

use super::{Expr, Variable};

/// Something a decision can hang on.
#[derive(Clone, Copy, Debug, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Input {
    ApprovedBy,
    Conforms,
    Assurance,
    Message,
    Mode,
    Object,
    Posture,
    Risk,
    Subject,
    Time,
    Verb,
    WorkOrder,
}

impl Input {
    /// In alphabetical order of their names.
    pub(crate) const ALL: [Self; 12] = [
        Self::ApprovedBy,
        Self::Conforms,
        Self::Assurance,
        Self::Message,
        Self::Mode,
        Self::Object,
        Self::Posture,
        Self::Risk,
        Self::Subject,
        Self::Time,
        Self::Verb,
        Self::WorkOrder,
    ];

    /// As policies write it, where they do.
    pub(crate) const fn name(self) -> &'static str {
        match self {
            Self::ApprovedBy => "approved_by",
            Self::Conforms => "conforms",
            Self::Assurance => "ia",
            Self::Message => "message",
            Self::Mode => "mode",
            Self::Object => "object",
            Self::Posture => "posture",
            Self::Risk => "risk",
            Self::Subject => "subject",
            Self::Time => "time",
            Self::Verb => "verb",
            Self::WorkOrder => "work_order",
        }
    }

    const fn bit(self) -> u16 {
        1 << (self as u16)
    }
}

/// A set of inputs.
#[derive(Clone, Copy, Debug, Default, PartialEq, Eq)]
pub(crate) struct Reads(u16);

impl Reads {
    /// What `expr` looks at.
    pub(crate) fn of(expr: &Expr) -> Self {
        let mut reads = Self::default();
        reads.collect(expr);
        reads
    }

    pub(crate) const fn insert(&mut self, input: Input) {
        self.0 |= input.bit();
    }

    pub(crate) const fn extend(&mut self, other: Self) {
        self.0 |= other.0;
    }

    pub(crate) const fn contains(self, input: Input) -> bool {
        self.0 & input.bit() != 0
    }

    /// Their names, in alphabetical order.
    pub(crate) fn names(self) -> Vec<&'static str> {
        Input::ALL.into_iter().filter(|input| self.contains(*input)).map(Input::name).collect()
    }

    fn collect(&mut self, expr: &Expr) {
        if let Some(path) = expr.context_path() {
            return self.field(path.first().copied());
        }
        if let Expr::Has(of, name) = expr
            && of.context_path().is_some_and(|path| path.is_empty())
        {
            return self.field(Some(name));
        }
        if let Expr::Variable(variable) = expr {
            self.insert(match variable {
                Variable::Principal => Input::Subject,
                Variable::Resource => Input::Object,
                Variable::Action => Input::Verb,
                Variable::Context => return,
            });
        }
        for child in expr.children() {
            self.collect(child);
        }
    }

    /// A field of the context, or the whole of it.
    fn field(&mut self, name: Option<&str>) {
        let of_context = |input: &Input| !matches!(input, Input::Subject | Input::Object | Input::Verb);
        for input in Input::ALL.into_iter().filter(of_context) {
            if name.is_none_or(|name| name == input.name()) {
                self.insert(input);
            }
        }
    }
}

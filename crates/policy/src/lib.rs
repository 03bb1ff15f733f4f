//! Who may do what to whom, under which conditions: Cedar policies against our schema, compiled three ways.

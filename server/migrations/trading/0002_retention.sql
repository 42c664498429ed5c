-- Finds the decisions of an input when old ticks between sessions are forgotten.
CREATE INDEX journal_decisions_input ON journal_decisions (input_seq);

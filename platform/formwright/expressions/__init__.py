"""The expression language: text to tree, types, evaluation; pure, without files, database or HTTP."""

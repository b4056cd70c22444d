"""The verbs of the sentence, a module each: what is done, with which effects, and what is said."""

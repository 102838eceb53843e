package quotasignal

// usageReset reads the limit of a ChatGPT plan, as Codex gets it.
func (a answer) usageReset() (reset, bool) {
	f := a.failure
	r := readReset(string(f.ResetsAt))
	if r.until.IsZero() || !a.ahead(r) {
		r = reset{after: readNumber(string(f.ResetsIn), "s")}
	}
	r.what = "usage limit"
	return r, a.ahead(r)
}

// spent ends the search for a deadline where there can be none.
func (a answer) spent() (reset, bool) {
	return reset{what: "credit or spend limit"}, a.failure.namesSpent() || a.failure.isPoor()
}

// messageDelay reads "Please try again in 1.2s" of OpenAI and Groq, and "Please retry in 34.07s" of Google.
func (a answer) messageDelay() (reset, bool) {
	r := reset{after: readTold(string(a.failure.Message)), what: a.hitName()}
	return r, a.ahead(r)
}

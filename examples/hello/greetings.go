package main

import (
	"fmt"
	"os"
	"slices"

	"golang.org/x/text/language"
	"gopkg.in/yaml.v3"
)

// greetings maps a BCP 47 language tag to its greeting.
type greetings map[string]string

var builtin = greetings{"de": "Guten Tag", "en": "Hello", "fr": "Bonjour", "sw": "Jambo"}

// load reads greetings from a YAML file, or gives the built-in ones when there is none.
func load(file string) (greetings, error) {
	if file == "" {
		return builtin, nil
	}
	text, err := os.ReadFile(file)
	if err != nil {
		return nil, err
	}
	var loaded greetings
	if err := yaml.Unmarshal(text, &loaded); err != nil {
		return nil, fmt.Errorf("%s: %w", file, err)
	}
	for tag := range loaded {
		if _, err := language.Parse(tag); err != nil {
			return nil, fmt.Errorf("%s: %q: %w", file, tag, err)
		}
	}
	return loaded, nil
}

func (g greetings) languages() []string {
	var tags []string
	for tag := range g {
		tags = append(tags, tag)
	}
	slices.Sort(tags)
	return tags
}

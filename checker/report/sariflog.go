package report

// The part of SARIF 2.1.0 that is written here. A library for all of it brought a validator for JSON Schema into the program, with a client that loads schemas over the network, which nobody
// maintains; tests still hold what is written against the schema.

const sarifSchema = "https://raw.githubusercontent.com/oasis-tcs/sarif-spec/main/sarif-2.1/schema/sarif-schema-2.1.0.json"

// SARIFLog is a log.
type SARIFLog struct {
	Schema  string     `json:"$schema"`
	Version string     `json:"version"`
	Runs    []SARIFRun `json:"runs"`
}

// SARIFRun is what one run of the program found.
type SARIFRun struct {
	OriginalURIBaseIDs map[string]struct{} `json:"originalUriBaseIds"`
	Invocations        []sarifInvocation   `json:"invocations,omitempty"`
	Properties         map[string]any      `json:"properties"`
	Results            []SARIFResult       `json:"results"`
	Tool               SARIFTool           `json:"tool"`
}

type sarifInvocation struct {
	ExecutionSuccessful bool                `json:"executionSuccessful"`
	Notifications       []sarifNotification `json:"toolExecutionNotifications"`
}

type sarifNotification struct {
	Level   string    `json:"level"`
	Message sarifText `json:"message"`
}

type sarifText struct {
	Text string `json:"text"`
}

// SARIFTool is the program with its rules.
type SARIFTool struct {
	Driver struct {
		Name    string      `json:"name"`
		Version string      `json:"version"`
		Rules   []SARIFRule `json:"rules"`
	} `json:"driver"`
}

// SARIFRule is a property.
type SARIFRule struct {
	ID    string     `json:"id"`
	Name  string     `json:"name,omitempty"`
	Short sarifText  `json:"shortDescription"`
	Full  sarifText  `json:"fullDescription"`
	Help  *sarifText `json:"help,omitempty"`
}

// SARIFResult is something found.
type SARIFResult struct {
	RuleID       string            `json:"ruleId"`
	RuleIndex    int               `json:"ruleIndex"`
	Level        string            `json:"level"`
	Kind         string            `json:"kind"`
	Message      sarifText         `json:"message"`
	Locations    []SARIFLocation   `json:"locations"`
	Fingerprints map[string]string `json:"partialFingerprints"`
	Occurrences  int               `json:"occurrenceCount"`
	CodeFlows    []SARIFFlow       `json:"codeFlows,omitempty"`
}

// SARIFLocation is a place in a file.
type SARIFLocation struct {
	Message  *sarifText `json:"message,omitempty"`
	Physical struct {
		Artifact struct {
			URI  string `json:"uri"`
			Base string `json:"uriBaseId"`
		} `json:"artifactLocation"`
		Region struct {
			StartLine   int `json:"startLine"`
			StartColumn int `json:"startColumn"`
		} `json:"region"`
	} `json:"physicalLocation"`
}

// SARIFFlow is a run of several threads.
type SARIFFlow struct {
	Message sarifText      `json:"message"`
	Threads []*SARIFThread `json:"threadFlows"`
}

// SARIFThread is what one of them does.
type SARIFThread struct {
	ID        string      `json:"id"`
	Message   sarifText   `json:"message"`
	Locations []SARIFStep `json:"locations"`
}

// SARIFStep is one step.
type SARIFStep struct {
	Location       SARIFLocation `json:"location"`
	ExecutionOrder int           `json:"executionOrder"`
	Importance     string        `json:"importance"`
	NestingLevel   int           `json:"nestingLevel"`
}

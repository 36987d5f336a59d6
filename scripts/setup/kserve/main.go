// knative-admits reads a Knative Service as JSON and says what Knative's webhook would say of it: nothing where it
// is taken. It fills in what is left out and validates with Knative's own code and its configuration as installed.
package main

import (
	"context"
	"encoding/json"
	"fmt"
	"os"

	"knative.dev/pkg/apis"
	"knative.dev/serving/pkg/apis/config"
	v1 "knative.dev/serving/pkg/apis/serving/v1"
)

func main() {
	defaults, err := config.NewDefaultsConfigFromMap(nil)
	check(err)
	features, err := config.NewFeaturesConfigFromMap(nil)
	check(err)
	ctx := config.ToContext(context.Background(), &config.Config{Defaults: defaults, Features: features})
	decoder := json.NewDecoder(os.Stdin)
	decoder.DisallowUnknownFields()
	var service v1.Service
	check(decoder.Decode(&service))
	service.SetDefaults(apis.WithinCreate(ctx))
	if err := service.Validate(apis.WithinCreate(ctx)); err != nil {
		check(err)
	}
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

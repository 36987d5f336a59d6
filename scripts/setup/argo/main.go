// argo-measure measures the first metric of an AnalysisTemplate once, with Argo Rollouts' own web provider.
//
//	argo-measure TEMPLATE.yaml namespace=serving name=delays checksum=6f64645fd5
//
// The template is read strictly and its metrics are validated as the controller does. It prints the measurement.
package main

import (
	"encoding/json"
	"fmt"
	"os"
	"strings"

	"github.com/argoproj/argo-rollouts/metricproviders/webmetric"
	"github.com/argoproj/argo-rollouts/pkg/apis/rollouts/v1alpha1"
	analysisutil "github.com/argoproj/argo-rollouts/utils/analysis"
	log "github.com/sirupsen/logrus"
	"sigs.k8s.io/yaml"
)

var version = "unknown"

func main() {
	if len(os.Args) < 2 || os.Args[1] == "version" {
		fmt.Println(version)
		return
	}
	data, err := os.ReadFile(os.Args[1])
	check(err)
	text := string(data)
	for _, pair := range os.Args[2:] {
		name, value, _ := strings.Cut(pair, "=")
		text = strings.ReplaceAll(text, "{{args."+name+"}}", value)
	}
	var template v1alpha1.AnalysisTemplate
	check(yaml.UnmarshalStrict([]byte(text), &template))
	check(analysisutil.ValidateMetrics(template.Spec.Metrics))
	metric := template.Spec.Metrics[0]
	client, err := webmetric.NewWebMetricHttpClient(metric)
	check(err)
	parser, err := webmetric.NewWebMetricJsonParser(metric)
	check(err)
	provider := webmetric.NewWebMetricProvider(*log.NewEntry(log.New()), client, parser)
	check(json.NewEncoder(os.Stdout).Encode(provider.Run(&v1alpha1.AnalysisRun{}, metric)))
}

func check(err error) {
	if err != nil {
		fmt.Fprintln(os.Stderr, err)
		os.Exit(1)
	}
}

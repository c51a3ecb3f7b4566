package main

import (
	"bytes"
	"embed"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"text/template"

	"github.com/spf13/cobra"
)

//go:embed deploy
var deploy embed.FS

// services are the files of deploy, by what they are for.
var services = map[string][]string{
	"systemd":   {"gongkai.service", "gongkai-crawl.service", "gongkai-crawl.timer"},
	"container": {"Containerfile"},
	"alerts":    {"alerts.yml"},
}

func newService(e *env) *cobra.Command {
	var dir, binary, config string
	cmd := &cobra.Command{
		Use:   "service [systemd|container|alerts]",
		Short: "print units for systemd, a Containerfile, and alerts for Prometheus",
		Long: `Service prints files for those who run gongkai every night; with -out DIR it writes them there.

  systemd    gongkai.service runs the daemon; or gongkai-crawl.timer runs one crawl each night. Use one of the two.
  container  a Containerfile for podman or docker, to be built in a checkout of gongkai
  alerts     rules for Prometheus on the metrics of the daemon: freshness, blocks, stalls, disk`,
		ValidArgs: []string{"systemd", "container", "alerts"},
		Args: func(_ *cobra.Command, args []string) error {
			if len(args) > 1 || len(args) == 1 && services[args[0]] == nil {
				return usagef("service takes one of systemd, container and alerts, not %q", strings.Join(args, " "))
			}
			return nil
		},
		RunE: func(_ *cobra.Command, args []string) error {
			if len(args) == 0 {
				args = []string{"systemd", "container", "alerts"}
			}
			return e.service(args, dir, binary, config)
		},
	}
	cmd.Flags().StringVar(&dir, "out", "", "write the files into this `DIR` instead of printing them")
	cmd.Flags().StringVar(&binary, "binary", "", "`PATH` of the program (default where this one is)")
	cmd.Flags().StringVar(&config, "service-config", "/etc/gongkai/config.toml", "`PATH` of the configuration that the service uses")
	return cmd
}

func (e *env) service(kinds []string, dir, binary, config string) (err error) {
	if binary == "" {
		if binary, err = os.Executable(); err != nil {
			return err
		}
	}
	for _, path := range []string{binary, config} {
		if !filepath.IsAbs(path) || strings.ContainsAny(path, " \t\n%$\"'\\") {
			return usagef("systemd wants an absolute path without blanks, quotes, %% and $, not %q; see -binary and -service-config", path)
		}
	}
	for _, kind := range kinds {
		for _, name := range services[kind] {
			text, err := deployed(name, binary, config)
			if err != nil {
				return err
			}
			if dir == "" {
				if len(kinds) > 1 || len(services[kind]) > 1 {
					fmt.Fprintf(e.stdout, "# ---- %s\n", name)
				}
				fmt.Fprintf(e.stdout, "%s\n", text)
				continue
			}
			if err := os.MkdirAll(dir, 0o777); err != nil {
				return err
			}
			path := filepath.Join(dir, name)
			if err := os.WriteFile(path, text, 0o644); err != nil {
				return err
			}
			fmt.Fprintln(e.stdout, path)
		}
	}
	return nil
}

// deployed returns a file of deploy with the paths filled in. Only units have any; alerts have braces of their own.
func deployed(name, binary, config string) ([]byte, error) {
	text, err := deploy.ReadFile("deploy/" + name)
	if err != nil || filepath.Ext(name) != ".service" {
		return text, err
	}
	t, err := template.New(name).Parse(string(text))
	if err != nil {
		return nil, err
	}
	var b bytes.Buffer
	err = t.Execute(&b, struct{ Binary, Config string }{binary, config})
	return b.Bytes(), err
}

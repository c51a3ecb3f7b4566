package main

import (
	"errors"
	"log/slog"

	"gongkai/cmd/gongkai/config"
	"gongkai/seeds"
	"gongkai/store"
)

// A session is what a command that works on the archive needs: configuration, log, catalogue, and the archive itself.
type session struct {
	config.Config
	log     *slog.Logger
	portals []seeds.Portal
	store   *store.Store
}

// setUp loads configuration, log and catalogue; ids, when given, choose among the portals.
func (e *env) setUp(ids []string) (s session, err error) {
	if s.Config, err = e.loadConfig(); err != nil {
		return s, err
	}
	if s.log, err = e.logger(); err != nil {
		return s, err
	}
	s.portals, err = s.Portals(ids)
	return s, err
}

// loadConfig reads the configuration that the flags name, and keeps the process to the memory that it allows.
func (e *env) loadConfig() (config.Config, error) {
	c, err := config.Load(e.configFile, e.archive, program())
	if err == nil {
		limitMemory(&c)
	}
	return c, err
}

// view opens the archive for reading and calls look.
func (e *env) view(look func(c config.Config, s *store.Store) error) (err error) {
	c, err := e.loadConfig()
	if err != nil {
		return err
	}
	s, err := store.OpenReadOnly(c.Archive.Path)
	if err != nil {
		return err
	}
	defer func() { err = errors.Join(err, s.Close()) }()
	return look(c, s)
}

package runreport

import (
	"bytes"
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"io"
	"net/http"
	"net/url"
	"time"
)

// Post sends a report to a webhook as a user agent. It takes no longer than the patience, whatever the other side does.
// The address may hold a secret, so its path is in no error.
func Post(ctx context.Context, address, agent string, patience time.Duration, n *Report) error {
	data, err := json.Marshal(n)
	if err != nil {
		return err
	}
	ctx, cancel := context.WithTimeout(ctx, patience)
	defer cancel()
	req, err := http.NewRequestWithContext(ctx, http.MethodPost, address, bytes.NewReader(data))
	if err != nil {
		return err
	}
	req.Header.Set("Content-Type", "application/json; charset=utf-8")
	req.Header.Set("User-Agent", agent)
	client := http.Client{Timeout: patience, CheckRedirect: func(*http.Request, []*http.Request) error { return http.ErrUseLastResponse }}
	res, err := client.Do(req)
	var failed *url.Error
	if errors.As(err, &failed) {
		err = failed.Err
	}
	if err != nil {
		return fmt.Errorf("webhook %s: %w", req.URL.Host, err)
	}
	defer res.Body.Close()
	io.CopyN(io.Discard, res.Body, 64<<10) // what it answers does not matter, and may never end
	if res.StatusCode < 200 || res.StatusCode > 299 {
		return fmt.Errorf("webhook %s: answers %s", req.URL.Host, res.Status)
	}
	return nil
}

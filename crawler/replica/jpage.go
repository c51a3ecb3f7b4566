package replica

import (
	"bytes"
	"fmt"
	"net/http"
	"net/url"
	"regexp"
	"strconv"
)

// A jpage is the data endpoint of a Hanweb listing, dataproxy.jsp: the page saved under Path holds every row, and a
// request gets some of them. There are two ways to ask, by GET or POST:
//
//	page=G                            the rows of group G, GroupSize pages of PerPage rows
//	startrecord=A&endrecord=B         the rows A to B, both counted
//
// Rows past the end are an answer without rows and with status 200, as on the real thing.
type jpage struct {
	Path      string `json:"path"`
	Column    string `json:"column"` // the columnid it answers for
	PerPage   int    `json:"per_page"`
	GroupSize int    `json:"group_size"`
}

// row is one row of a listing, as XML.
var row = regexp.MustCompile(`(?s)<record>.*?</record>`)

// answer cuts the rows that form asks for out of all, the saved answer with every row.
func (j *jpage) answer(all *page, form url.Values) *page {
	rows := row.FindAll(all.body, -1)
	if c := form.Get("columnid"); c != "" && c != j.Column {
		rows = nil
	}
	total := len(rows)
	first, last, next := j.window(form, total)

	var b bytes.Buffer
	b.WriteString("<datastore>\n")
	if next != "" {
		fmt.Fprintf(&b, "<nextgroup><![CDATA[<a href=\"%s\"></a>]]></nextgroup>\n", next)
	}
	fmt.Fprintf(&b, "<totalrecord>%d</totalrecord>", total)
	if first < last {
		fmt.Fprintf(&b, "\n<totalpage>%d</totalpage>\n<recordset>\n", (total+j.PerPage-1)/j.PerPage)
		b.Write(bytes.Join(rows[first:last], []byte("\n")))
		b.WriteString("\n</recordset>\n")
	}
	b.WriteString("</datastore>")
	return &page{status: http.StatusOK, header: all.header, body: b.Bytes()}
}

// window is the half-open range of rows that form asks for, and the address of the group after it, if there is one.
func (j *jpage) window(form url.Values, total int) (first, last int, next string) {
	number := func(name string) int { n, _ := strconv.Atoi(form.Get(name)); return n }
	if form.Has("startrecord") {
		first, last = number("startrecord")-1, number("endrecord")
	} else {
		size := j.PerPage * j.GroupSize
		group := max(1, number("page"))
		if group > total/size+1 { // also keeps the product below from overflowing
			return 0, 0, ""
		}
		first, last = (group-1)*size, group*size
		if last < total {
			next = j.next(form, group+1)
		}
	}
	first, last = max(first, 0), min(last, total)
	return first, last, next
}

// next is the address of a group. It repeats the parameters of the request, as the original does.
func (j *jpage) next(form url.Values, group int) string {
	q := url.Values{}
	for name, values := range form {
		q[name] = values
	}
	q.Set("page", strconv.Itoa(group))
	return j.Path + "?" + q.Encode()
}

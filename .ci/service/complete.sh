#!/usr/bin/env bash
# Asks bash to complete command lines: complete.sh LIBRARY ARCHIVE. gongkai is in PATH.
source "$1"
archive=$2
source <(gongkai completion bash)
failed=0

# expect WORD LINE: the last word of the line is completed to WORD, among others.
expect() {
  local word=$1
  read -ra COMP_WORDS <<<"$2"
  [[ $2 == *" " ]] && COMP_WORDS+=("")
  COMP_CWORD=$((${#COMP_WORDS[@]} - 1)) COMP_LINE=$2 COMP_POINT=${#2} COMP_TYPE=9 COMPREPLY=()
  __start_gongkai 2>/dev/null # compopt complains of not being called by readline
  [[ " ${COMPREPLY[*]} " == *" $word "* ]] || {
    echo "completing \"$2\" gives \"${COMPREPLY[*]}\", not $word"
    failed=1
  }
}

expect crawl "gongkai cra"
expect qujiang "gongkai crawl -portal quji"
expect qujiang "gongkai crawl --portal quji"
expect -portal "gongkai crawl -po"
expect --portal "gongkai crawl --po"
expect 330803-人民政府办公室 "gongkai export -archive $archive -agency 33"
expect 330803-人民政府办公室/2021 "gongkai show -archive $archive 33"
expect csv,parquet "gongkai export -format csv,"
expect systemd "gongkai service "
exit $failed

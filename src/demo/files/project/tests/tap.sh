# One TAP line for each comparison, the plan at the end.
count=0
failed=0

# is TITLE FOUND WANTED
is() {
    count=$((count + 1))
    if [ "$2" = "$3" ]; then
        echo "ok $count - $1"
    else
        echo "not ok $count - $1"
        echo "#   found:  $2"
        echo "#   wanted: $3"
        failed=1
    fi
}

finish() {
    echo "1..$count"
    exit "$failed"
}

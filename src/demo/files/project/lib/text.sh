# shout TEXT: the text with a mark behind it
shout() {
    printf '%s!\n' "$1"
}

. lib/text.sh
is "shout puts a mark behind" "$(shout hey)" "hey!"

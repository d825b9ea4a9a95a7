# catchwater.bash - completion of catchwater and catchwater-probe in bash.
#
# The programs tell their own commands and options (--complete), so what is
# offered is what the installed version takes.
# Install as /usr/share/bash-completion/completions/catchwater and, by the same
# name as the program, catchwater-probe; or: source this file.

# What may stand behind an option whose argument is $1.
_catchwater_argument()
{
	case $1 in
	*\|*) COMPREPLY=($(compgen -W "${1//|/ }" -- "$2")) ;;
	FILE*) COMPREPLY=($(compgen -f -- "$2")) ;;
	DIR*) COMPREPLY=($(compgen -d -- "$2")) ;;
	esac
}

_catchwater()
{
	local program=${COMP_WORDS[0]} word=${COMP_WORDS[COMP_CWORD]}
	local before=${COMP_WORDS[COMP_CWORD - 1]} name argument line
	local names=() command=()

	COMPREPLY=()
	((COMP_CWORD > 1)) && command=("${COMP_WORDS[1]}")
	while IFS=$'\t' read -r line; do
		name=${line%%$'\t'*} argument=${line#*$'\t'}
		argument=${argument%%$'\t'*}
		names+=("$name")
		if [[ $name == "$before" && -n $argument ]]; then
			_catchwater_argument "$argument" "$word"
			return
		fi
	done < <("$program" "${command[@]}" --complete 2>/dev/null)
	if ((COMP_CWORD == 1)) || [[ $word == -* ]]; then
		COMPREPLY=($(compgen -W "${names[*]}" -- "$word"))
	else
		COMPREPLY=($(compgen -f -- "$word"))
	fi
}

complete -o filenames -F _catchwater catchwater catchwater-probe

# catchwater.fish - completion of catchwater and catchwater-probe in fish.
#
# The programs tell their own commands and options (--complete).
# Install in /usr/share/fish/vendor_completions.d, once as catchwater.fish and
# once as catchwater-probe.fish.

# The lines "word TAB help" for what may stand at the cursor.
function __catchwater_complete
    set -l words (commandline -opc)
    set -l current (commandline -ct)
    for line in (command $words[1] $words[2] --complete 2>/dev/null)
        set -l fields (string split \t -- $line)
        if test -n "$fields[2]" -a "$fields[1]" = "$words[-1]"
            switch $fields[2]
                case '*|*'
                    string split '|' -- $fields[2]
                case 'FILE*' 'DIR*'
                    __fish_complete_path $current
            end
            return
        end
        set -a offered $fields[1]\t$fields[3]
    end
    if test (count $words) -eq 1; or string match -q -- '-*' $current
        string join \n -- $offered
    else
        __fish_complete_path $current
    end
end

for program in catchwater catchwater-probe
    complete -c $program -f -a '(__catchwater_complete)'
end

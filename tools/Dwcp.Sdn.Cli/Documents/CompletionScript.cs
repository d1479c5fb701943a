namespace Dwcp.Sdn.Cli.Documents;

/// <summary>What makes shells ask dwcpctl for completions: each passes the command line up to the cursor to a hidden command.</summary>
internal static class CompletionScript
{
    public static readonly string[] Shells = ["bash", "zsh", "fish"];

    public static string Of(string shell) => shell switch
    {
        "bash" => """
            # dwcpctl for bash. In ~/.bashrc: source <(dwcpctl completion bash)
            _dwcpctl() {
                local IFS=$'\n'
                COMPREPLY=($(dwcpctl __complete "${COMP_LINE:0:COMP_POINT}" 2>/dev/null | cut -f 1))
                [[ ${COMPREPLY[*]} != *[=.] ]] || compopt -o nospace
            }
            complete -o default -F _dwcpctl dwcpctl

            """,
        "zsh" => """
            #compdef dwcpctl
            # dwcpctl for zsh. In ~/.zshrc, after compinit: source <(dwcpctl completion zsh)
            _dwcpctl() {
                local -a found whole begun
                local line word
                found=("${(@f)$(dwcpctl __complete "${BUFFER[1,CURSOR]}" 2>/dev/null)}")
                if [[ -z "${found[*]}" ]]; then
                    _files
                    return
                fi
                for line in "${found[@]}"; do
                    word=${line%%$'\t'*}
                    line=${word//:/\\:}${line#$word}
                    [[ $word == *[=.] ]] && begun+=("${line/$'\t'/:}") || whole+=("${line/$'\t'/:}")
                done
                compset -P '*='
                _describe dwcpctl whole -- begun -S ''
            }
            compdef _dwcpctl dwcpctl

            """,
        _ => """
            # dwcpctl for fish. Once: dwcpctl completion fish > ~/.config/fish/completions/dwcpctl.fish
            complete -c dwcpctl -f -a '(dwcpctl __complete --whole (commandline -cp) 2>/dev/null)'
            complete -c dwcpctl -s f -l filename -r -F

            """,
    };
}

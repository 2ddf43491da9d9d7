using System.CommandLine;
using System.Text;

namespace AgentFunctions.Cli.Commands;

/// <summary><c>completion SHELL</c>: a script with which a shell completes commands and options. It starts no program.</summary>
internal static class CompletionCommand
{
    /// <summary>Creates the command.</summary>
    /// <param name="root">Makes the whole program, whose words are completed.</param>
    public static Command Create(Func<Command> root)
    {
        var shell = new Argument<string>("shell") { Description = "bash, zsh or fish." };
        shell.AcceptOnlyFromAmong("bash", "zsh", "fish");
        var command = new Command(
            "completion", $"Print a script for the shell: eval \"$({CommandLine.Name} completion bash)\", or {CommandLine.Name} completion fish | source.")
        {
            shell,
        };
        command.SetAction(parsed =>
        {
            IReadOnlyList<(string Path, string Words)> words = [.. WordsOf(root(), "")];
            Console.Write(parsed.GetValue(shell) switch
            {
                "fish" => Fish(words),
                "zsh" => $"autoload -Uz bashcompinit && bashcompinit\n{Bash(words)}",
                _ => Bash(words),
            });
            return ExitCode.Done;
        });
        return command;
    }

    /// <summary>What may follow each command: its own commands and its options.</summary>
    private static IEnumerable<(string Path, string Words)> WordsOf(Command command, string path)
    {
        IEnumerable<string> words = command.Subcommands.Select(static one => one.Name)
            .Concat(command.Options.Where(static one => !one.Hidden).Select(static one => one.Name)).Append("--help").Distinct();
        yield return (path, string.Join(' ', words));
        foreach (Command below in command.Subcommands)
        {
            foreach ((string Path, string Words) found in WordsOf(below, path.Length == 0 ? below.Name : $"{path} {below.Name}"))
            {
                yield return found;
            }
        }
    }

    private static string Bash(IReadOnlyList<(string Path, string Words)> words)
    {
        var script = new StringBuilder().Append($$"""
            _{{CommandLine.Name}}() {
              local path="" word words i
              for ((i = 1; i < COMP_CWORD; i++)); do
                word="${COMP_WORDS[i]}"
                case " ${path:+$path }$word" in

            """);
        foreach ((string path, _) in words.Skip(1))
        {
            script.Append($"      \" {path}\") path=\"{path}\" ;;\n");
        }

        script.Append("    esac\n  done\n  case \"$path\" in\n");
        foreach ((string path, string allowed) in words)
        {
            script.Append($"    \"{path}\") words=\"{allowed}\" ;;\n");
        }

        return script.Append($$"""
              esac
              COMPREPLY=($(compgen -W "$words" -- "${COMP_WORDS[COMP_CWORD]}"))
              [ ${#COMPREPLY[@]} -gt 0 ] || COMPREPLY=($(compgen -f -- "${COMP_WORDS[COMP_CWORD]}"))
            }
            complete -F _{{CommandLine.Name}} {{CommandLine.Name}}

            """).ToString();
    }

    private static string Fish(IReadOnlyList<(string Path, string Words)> words)
    {
        var script = new StringBuilder();
        foreach ((string path, string allowed) in words)
        {
            string[] parts = path.Split(' ', StringSplitOptions.RemoveEmptyEntries);
            string when = parts.Length == 0
                ? "__fish_use_subcommand"
                : string.Join("; and ", parts.Select(static part => $"__fish_seen_subcommand_from {part}"));
            script.Append($"complete -c {CommandLine.Name} -n '{when}' -a '{allowed}'\n");
        }

        return script.ToString();
    }
}

using System.CommandLine;
using AgentFunctions.AspNetCore.Runs;
using AgentFunctions.Cli.Output;
using AgentFunctions.Cli.Server;

namespace AgentFunctions.Cli.Commands;

/// <summary><c>restore ID --turn N</c>: bring the folder of a run of a server back to how it was.</summary>
internal static class RestoreCommand
{
    public static Command Create()
    {
        var id = new Argument<string>("id") { Description = "The run, which is paused or has ended." };
        var turn = new Option<int>("--turn")
        {
            Description = "The turn whose end state to restore; 0 is the state before the first turn.",
            HelpName = "TURN",
            Required = true,
        };
        var paths = new Option<string[]>("--path")
        {
            Description = "Only this file or folder; may be repeated.",
            HelpName = "PATH"
        };
        var dryRun = new Option<bool>("--dry-run") { Description = "Show what would be restored, and change nothing." };
        var overwrite = new Option<bool>("--overwrite") { Description = "Also overwrite what others have changed since." };
        var keep = new Option<string[]>("--keep")
        {
            Description = "Keep this path as others have changed it; may be repeated.",
            HelpName = "PATH",
        };
        var replace = new Option<string[]>("--replace")
        {
            Description = "Restore this path although others have changed it; may be repeated.",
            HelpName = "PATH",
        };
        var merge = new Option<string[]>("--merge")
        {
            Description = "Take the run's own lines out of this text and keep those of others; * for all; may be repeated.",
            HelpName = "PATH",
        };
        var ask = new Option<bool>("--ask") { Description = "Ask people about the conflicts that are left; their answer is carried out." };
        var server = new ServerOptions();
        var command = new Command("restore", "Bring the folder of a run of a server back to how it was at the end of a turn.")
        {
            id, turn, paths, dryRun, overwrite, keep, replace, merge, ask,
        };
        server.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using ApiClient client = server.Connect(parsed);
            var submission = new RestoreSubmission
            {
                Turn = parsed.GetValue(turn),
                Paths = parsed.GetValue(paths) is { Length: > 0 } named ? named : null,
                DryRun = parsed.GetValue(dryRun),
                Overwrite = parsed.GetValue(overwrite),
                Resolve = Choices(
                    (parsed.GetValue(keep), "keep"), (parsed.GetValue(replace), "restore"), (parsed.GetValue(merge), "merge")),
                Ask = parsed.GetValue(ask),
            };
            RestoreResource report = await client.RestoreAsync(parsed.GetValue(id)!, submission, cancellationToken);
            FolderText.Write(report);
            return ExitCode.Done;
        });
        return command;
    }

    private static Dictionary<string, string>? Choices(params (string[]? Paths, string Choice)[] named)
    {
        var choices = new Dictionary<string, string>(StringComparer.Ordinal);
        foreach ((string path,
            string choice) in named.SelectMany(static one => (one.Paths ?? []).Select(path => (path, one.Choice))))
        {
            if (!choices.TryAdd(path, choice))
            {
                throw new AgentException(
                    ErrorCode.InvalidInput, $"'{path}' is named twice. Name a path with one of --keep, --replace and --merge.");
            }
        }

        return choices.Count == 0 ? null : choices;
    }
}

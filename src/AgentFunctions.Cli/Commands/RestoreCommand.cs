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
        var paths = new Option<string[]>("--path") { Description = "Only this file or folder; may be repeated.", HelpName = "PATH" };
        var dryRun = new Option<bool>("--dry-run") { Description = "Show what would be restored, and change nothing." };
        var overwrite = new Option<bool>("--overwrite") { Description = "Also overwrite what others have changed since." };
        var server = new ServerOptions();
        var command = new Command("restore", "Bring the folder of a run of a server back to how it was at the end of a turn.")
        {
            id, turn, paths, dryRun, overwrite,
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
            };
            RestoreResource report = await client.RestoreAsync(parsed.GetValue(id)!, submission, cancellationToken);
            foreach (ChangeResource change in report.Restored)
            {
                Console.WriteLine(Terminal.Lines(FolderText.Of(change)));
            }

            foreach (ConflictResource conflict in report.Conflicts)
            {
                Console.WriteLine(Terminal.Lines($"  ! {conflict.Path}  kept: {conflict.By} changed it since"));
            }

            foreach (Snapshots.SkippedPath skipped in report.Skipped)
            {
                Console.WriteLine(Terminal.Lines($"  ? {skipped.Path}  left: {skipped.Why}"));
            }

            string done = report.DryRun ? "would restore" : "restored";
            Console.WriteLine(
                $"{done} {report.Restored.Count} to turn {report.Turn}, {report.Conflicts.Count} kept, {report.Skipped.Count} left");
            return ExitCode.Done;
        });
        return command;
    }
}

using System.CommandLine;
using System.Text.Json;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.Runs;
using AgentFunctions.Cli.Output;
using AgentFunctions.Cli.Server;
using AgentFunctions.Snapshots;

namespace AgentFunctions.Cli.Commands;

/// <summary><c>changes ID</c>: what a run of a server changed in its folder.</summary>
internal static class ChangesCommand
{
    public static Command Create()
    {
        var id = new Argument<string>("id") { Description = "The run." };
        var turn = new Option<int?>("--turn") { Description = "Only this turn.", HelpName = "TURN" };
        var json = new Option<bool>("--json") { Description = "Write the answer of the server as JSON." };
        var server = new ServerOptions();
        var command = new Command("changes", "Show what a run of a server changed in its folder.") { id, turn, json };
        server.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using ApiClient client = server.Connect(parsed);
            ChangesResource changes = await client.ListChangesAsync(parsed.GetValue(id)!, parsed.GetValue(turn),
                cancellationToken);
            if (parsed.GetValue(json))
            {
                Console.WriteLine(JsonSerializer.Serialize(changes, ApiJson.Options));
                return ExitCode.Done;
            }

            foreach (ChangeEntryResource entry in changes.Entries)
            {
                Console.WriteLine(Terminal.Lines(TitleOf(entry)));
                foreach (ChangeResource change in entry.Changes)
                {
                    Console.WriteLine(Terminal.Lines(FolderText.Of(change)));
                }

                foreach (SkippedPath skipped in entry.Skipped)
                {
                    Console.WriteLine(Terminal.Lines($"  ? {skipped.Path}  not kept: {skipped.Why}"));
                }
            }

            // The answer of an earlier version of the server has no skipped.
            IEnumerable<SkippedPath> shown = changes.Entries.SelectMany(static entry => entry.Skipped);
            foreach (SkippedPath skipped in (changes.Skipped ?? []).Except(shown))
            {
                Console.WriteLine(Terminal.Lines($"? {skipped.Path}  not kept: {skipped.Why}"));
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static string TitleOf(ChangeEntryResource entry) =>
        entry.Restore ? $"restored to turn {entry.Turn}" : entry.Run is null
            ? "found changed"
            : $"turn {entry.Turn} call {entry.Call}  {entry.Run}";
}

using System.CommandLine;
using AgentFunctions.AspNetCore.Runs;
using AgentFunctions.Cli.Output;
using AgentFunctions.Cli.Server;

namespace AgentFunctions.Cli.Commands;

/// <summary><c>rewind ID --turn N</c>: go back to a turn of a run of a server and go on from there.</summary>
internal static class RewindCommand
{
    public static Command Create()
    {
        var id = new Argument<string>("id") { Description = "The run; it ends as cancelled if it has not ended." };
        var turn = new Option<int>("--turn")
        {
            Description = "The turn to go back to; 0 is the state before the first turn.",
            HelpName = "TURN",
            Required = true,
        };
        var only = new Option<string?>("--only")
        {
            Description = "Only files (the folder goes back, the run stays), or only conversation (a new run goes on, the folder stays).",
            HelpName = "WHAT",
        };
        only.AcceptOnlyFromAmong("files", "conversation");
        var message = new Option<string?>("--message") { Description = "The first message to the new run.", HelpName = "TEXT" };
        var overwrite = new Option<bool>("--overwrite") { Description = "Also overwrite what others have changed in the folder since." };
        var server = new ServerOptions();
        var command = new Command("rewind",
            "Go back to a turn of a run of a server: a new run goes on from there in the same folder.")
        {
            id, turn, only, message, overwrite,
        };
        server.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using ApiClient client = server.Connect(parsed);
            var submission = new RewindSubmission
            {
                Turn = parsed.GetValue(turn),
                Files = parsed.GetValue(only) != "conversation",
                Conversation = parsed.GetValue(only) != "files",
                Message = parsed.GetValue(message),
                Overwrite = parsed.GetValue(overwrite),
            };
            RewindResource report = await client.RewindAsync(parsed.GetValue(id)!, submission, cancellationToken);
            if (report.Files is { } files)
            {
                FolderText.Write(files);
            }

            string what = report.Run.Id == parsed.GetValue(id) ? "stays" : "goes on";
            Console.WriteLine(Terminal.Lines($"{report.Run.Id}  {what}"));
            return ExitCode.Done;
        });
        return command;
    }
}

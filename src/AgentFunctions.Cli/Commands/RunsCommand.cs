using System.CommandLine;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.Runs;
using AgentFunctions.Cli.Output;
using AgentFunctions.Cli.Server;
using AgentFunctions.Runs;
using AgentFunctions.Views;

namespace AgentFunctions.Cli.Commands;

/// <summary><c>runs</c>: the runs of a server, newest first.</summary>
internal static class RunsCommand
{
    public static Command Create()
    {
        var status = new Option<string?>("--status") { Description = "Only runs of this status.", HelpName = "STATUS" };
        status.AcceptOnlyFromAmong([.. Enum.GetValues<RunStatus>().Select(CamelCase.Of)]);
        var limit = new Option<int>("--limit") { Description = "The most runs: 1 to 200.", DefaultValueFactory = static _ => 20 };
        var json = new Option<bool>("--json") { Description = "Write one JSON object a line." };
        var server = new ServerOptions();
        var command = new Command("runs", "List the runs of a server, newest first.") { status, limit, json };
        server.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using ApiClient client = server.Connect(parsed);
            RunListResource page = await client.ListAsync(parsed.GetValue(limit), parsed.GetValue(status), cancellationToken);
            var output = new JsonOutput(Console.Out);
            foreach (RunResource run in page.Runs)
            {
                if (parsed.GetValue(json))
                {
                    output.End(run);
                }
                else
                {
                    Console.WriteLine(
                        $"{run.Id}  {CamelCase.Of(run.Status),-15}  {run.Steps,6} steps  {RunText.Elapsed(run),9}  "
                        + $"{JournalLine.OneLine(run.Agent)} ({ModelOf(run)}): {JournalLine.OneLine(run.Goal, 60)}");
                }
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static string ModelOf(RunResource run) => run.Rehearsal ? $"{run.Model}, scripted" : JournalLine.OneLine(run.Model);
}

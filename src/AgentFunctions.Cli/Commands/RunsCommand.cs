using System.CommandLine;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.AspNetCore.Runs;
using AgentFunctions.Cli.Output;
using AgentFunctions.Cli.Server;
using AgentFunctions.Runs;
using AgentFunctions.Views;

namespace AgentFunctions.Cli.Commands;

/// <summary><c>runs</c>: the runs of a server, newest first; or all of them live, with what waits for people.</summary>
internal static class RunsCommand
{
    public static Command Create()
    {
        var status = new Option<string?>("--status") { Description = "Only runs of this status.", HelpName = "STATUS" };
        status.AcceptOnlyFromAmong([.. Enum.GetValues<RunStatus>().Select(CamelCase.Of)]);
        var agent = new Option<string?>("--agent") { Description = "Only runs of this agent.", HelpName = "NAME" };
        var label = new Option<string?>("--label")
        {
            Description = "Only runs with this label: a name, or name=value.",
            HelpName = "LABEL"
        };
        var limit = new Option<int>("--limit") { Description = "The most runs: 1 to 200.", DefaultValueFactory = static _ => 20 };
        var json = new Option<bool>("--json") { Description = "Write one JSON object a line." };
        var watch = new Option<bool>("--watch") { Description = "Show them live, the last changed first, with what waits for people; Ctrl-C ends it." };
        var server = new ServerOptions();
        var command = new Command("runs",
            "List the runs of a server, newest first.") { status, agent, label, limit, json, watch };
        server.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using ApiClient client = server.Connect(parsed);
            var query = new RunQuery(parsed.GetValue(status), parsed.GetValue(agent), parsed.GetValue(label));
            if (parsed.GetValue(watch))
            {
                await OverviewOutput.FollowAsync(client, query, parsed.GetValue(limit), cancellationToken);
                return ExitCode.Done;
            }

            RunListResource page = await client.ListAsync(query, parsed.GetValue(limit), cancellationToken);
            Write(page, parsed.GetValue(json));
            return ExitCode.Done;
        });
        return command;
    }

    private static void Write(RunListResource page, bool json)
    {
        if (page.Runs.Count == 0 && !json)
        {
            Console.WriteLine("no runs");
        }

        var output = new JsonOutput(Console.Out);
        foreach (RunResource run in page.Runs)
        {
            if (json)
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
    }

    private static string ModelOf(RunResource run) => run.Rehearsal ? $"{run.Model}, scripted" : JournalLine.OneLine(run.Model);
}

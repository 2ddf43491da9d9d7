using System.CommandLine;
using AgentFunctions.AspNetCore.Runs;
using AgentFunctions.Cli.Output;
using AgentFunctions.Cli.Server;

namespace AgentFunctions.Cli.Commands;

/// <summary><c>watch ID</c>: follow a run of a server to its end.</summary>
internal static class WatchCommand
{
    public static Command Create()
    {
        var id = new Argument<string>("id") { Description = "The run." };
        var json = new Option<bool>("--json") { Description = "Write one JSON object a line." };
        var tree = new Option<bool>("--tree") { Description = "Show the run with its sub-agents: who does what, and what it costs." };
        var server = new ServerOptions();
        var command = new Command("watch",
            "Follow a run of a server to its end; at a terminal you are asked what it waits for. The exit code is the run's, as for run.") { id, json, tree };
        server.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using ApiClient client = server.Connect(parsed);
            string run = parsed.GetValue(id)!;
            RunResource begun = await client.GetAsync(run, cancellationToken);
            if (parsed.GetValue(tree))
            {
                await TreeOutput.FollowAsync(
                    token => Reconnection.AskAsync(read => client.GetTreeAsync(run, read), token), cancellationToken);
                return ExitCode.Of((await ReadAsync(cancellationToken)).Status);
            }

            IRunOutput output = RunOutput.For(parsed.GetValue(json));
            output.Begin(begun, "watching ");
            if (output is LiveOutput live && !Console.IsInputRedirected)
            {
                live.Prompts = new ForegroundPrompts(new WaitingOnServer(client), Console.In, Console.Out);
            }

            await output.FollowAsync(client.FollowAsync(run, output.IsLive, cancellationToken), ReadAsync, cancellationToken);
            RunResource ended = await ReadAsync(cancellationToken);
            output.End(ended);
            return ExitCode.Of(ended.Status);

            Task<RunResource> ReadAsync(CancellationToken token) =>
                Reconnection.AskAsync(read => client.GetAsync(run, read), token);
        });
        return command;
    }
}

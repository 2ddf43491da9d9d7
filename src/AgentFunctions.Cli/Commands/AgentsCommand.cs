using System.CommandLine;
using AgentFunctions.AspNetCore.Agents;
using AgentFunctions.Cli.Output;
using AgentFunctions.Cli.Server;
using AgentFunctions.Views;

namespace AgentFunctions.Cli.Commands;

/// <summary><c>agents</c>: the agents of a server.</summary>
internal static class AgentsCommand
{
    public static Command Create()
    {
        var server = new ServerOptions();
        var command = new Command("agents", "List the agents of a server: their models, their tools, and what was left out.");
        server.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using ApiClient client = server.Connect(parsed);
            AgentListResource list = await client.AgentsAsync(cancellationToken);
            IEnumerable<string> lines = list.Agents.SelectMany(Lines)
                .Concat(list.LeftOut.Select(static one => $"left out: {one.Kind} {one.Name}: {one.Reason}"))
                .Concat(list.Notes.Select(static note => $"note: {note}"));
            if (list.Agents.Count == 0)
            {
                Console.WriteLine("no agents");
            }

            foreach (string line in lines)
            {
                Console.WriteLine(Terminal.Lines(line));
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static IEnumerable<string> Lines(AgentResource agent)
    {
        string model = agent.Model is null ? "no model of this server" : agent.Rehearsal
            ? $"{agent.Model}, scripted"
            : agent.Model;
        yield return $"{agent.Name} ({model}): {JournalLine.OneLine(agent.Description, 120)}";
        yield return $"    {(agent.Tools is { } tools ? $"tools: {string.Join(", ", tools)}" : "its tools are not known")}";
        foreach (string note in agent.Notes ?? [])
        {
            yield return $"    note: {note}";
        }
    }
}

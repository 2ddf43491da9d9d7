using System.CommandLine;
using AgentFunctions.AspNetCore.Governance;
using AgentFunctions.Cli.Output;
using AgentFunctions.Cli.Server;
using AgentFunctions.Gateway.KillSwitch;
using AgentFunctions.Governance.KillSwitch;
using AgentFunctions.Ledger;

namespace AgentFunctions.Cli.Commands;

/// <summary><c>kill SCOPE [NAME]</c>: stop a run, an agent, a label, a tool or everything.</summary>
internal static class KillCommand
{
    public static Command Create()
    {
        var scope = new Argument<KillScope>("scope") { Description = "all, run, agent, label or tool." };
        var name = new Argument<string?>("name")
        {
            Description = "The run's id, the agent's or tool's name, name=value for a label; nothing for all.",
            Arity = ArgumentArity.ZeroOrOne,
        };
        var reason = new Option<string?>("--reason") { Description = "Why.", HelpName = "TEXT" };
        var release = new Option<bool>("--release") { Description = "Let it go on instead." };
        var server = new ServerOptions();
        var command = new Command("kill",
            "Stop a run, an agent, a label, a tool or everything on a server, at once and until it is released.")
        {
            scope, name, reason, release,
        };
        server.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using ApiClient client = server.Connect(parsed);
            var order = new KillSubmission
            {
                Scope = parsed.GetValue(scope),
                Name = parsed.GetValue(name),
                Reason = parsed.GetValue(reason)
            };
            if (parsed.GetValue(release))
            {
                await client.ReleaseAsync(order, cancellationToken);
                Console.WriteLine("released");
                return ExitCode.Done;
            }

            KillReport report = await client.KillAsync(order, cancellationToken);
            Console.WriteLine($"stopped; {report.Runs.Count} runs were told to end");
            foreach (PendingEffect begun in report.Begun)
            {
                Console.WriteLine(Terminal.Lines(
                    $"had begun and may have taken effect: '{begun.Tool}', call {begun.Turn}/{begun.Call} of run {begun.RunId}, at {begun.StartedAt:u}"));
            }

            return ExitCode.Done;
        });
        return command;
    }
}

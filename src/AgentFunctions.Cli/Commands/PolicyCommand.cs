using System.CommandLine;
using AgentFunctions.AspNetCore.Gateway;
using AgentFunctions.AspNetCore.Http;
using AgentFunctions.Cli.Output;
using AgentFunctions.Cli.Server;
using AgentFunctions.Gateway.Previews;
using AgentFunctions.Sqlite;
using Microsoft.Extensions.Configuration;
using Microsoft.Extensions.DependencyInjection;

namespace AgentFunctions.Cli.Commands;

/// <summary><c>policy show|check|test</c>: which rules hold, whether a file of rules is valid, what they would decide.</summary>
internal static class PolicyCommand
{
    public static Command Create() => new("policy", "Show, check and try the rules about tool calls.")
    {
        Show(),
        Check(),
        Test(),
    };

    private static Command Show()
    {
        var server = new ServerOptions();
        var command = new Command("show", "Show the policy of a server: its hash, its rules and what holds if none matches.");
        server.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using ApiClient client = server.Connect(parsed);
            PolicyResource policy = await client.PolicyAsync(cancellationToken);
            Write(policy);
            return policy.Broken is null ? ExitCode.Done : ExitCode.Failed;
        });
        return command;
    }

    private static Command Check()
    {
        var path = new Argument<string>("path") { Description = "A file of rules, or a folder of such files." };
        var command = new Command("check",
            "Check a file of rules without a server: valid, or which line is wrong and why.") { path };
        command.SetAction(async (parsed, _) =>
        {
            string full = Path.GetFullPath(parsed.GetValue(path)!);
            if (!Path.Exists(full))
            {
                throw new AgentException(ErrorCode.InvalidInput, $"path: there is no '{full}'.");
            }

            IConfiguration configuration = new ConfigurationBuilder()
                .AddInMemoryCollection(new Dictionary<string, string?> { ["Governance:PolicyPath"] = full }).Build();
            await using ServiceProvider services = new ServiceCollection().AddAgentFunctions(configuration)
                .AddSqliteEngine(static options => options.DataFile = SqliteEngineOptions.InMemory).BuildServiceProvider();
            Write(PolicyResource.Of(services.GetRequiredService<PolicyTests>().Current));
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Test()
    {
        var agent = new Option<string>("--agent") { Description = "The agent.", Required = true, HelpName = "NAME" };
        var tool = new Option<string>("--tool") { Description = "The tool.", Required = true, HelpName = "NAME" };
        var arguments = new Option<string?>("--arguments") { Description = "The arguments: a JSON object.", HelpName = "JSON" };
        var goal = new Option<string?>("--goal") { Description = "The goal of the run.", HelpName = "TEXT" };
        var labels = new Option<string[]>("--label")
        {
            Description = "A label of the run as name=value; may be repeated.",
            HelpName = "LABEL"
        };
        var requester = new Option<string?>("--requester")
        {
            Description = "Who asked for the run; by default you.",
            HelpName = "ID"
        };
        var roles = new Option<string[]>("--role")
        {
            Description = "A role of the requester; may be repeated.",
            HelpName = "ROLE"
        };
        var server = new ServerOptions();
        var command = new Command("test",
            "Ask a server what its policy would decide about a call. Nothing is called or written down.")
        {
            agent, tool, arguments, goal, labels, requester, roles,
        };
        server.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using ApiClient client = server.Connect(parsed);
            VerdictResource verdict = await client.TestPolicyAsync(
                new PolicyTestSubmission
                {
                    Agent = parsed.GetValue(agent),
                    Tool = parsed.GetValue(tool),
                    Arguments = parsed.GetValue(arguments) is { } text ? Pairs.Json("--arguments", text) : null,
                    Goal = parsed.GetValue(goal),
                    Labels = Pairs.Read("--label", parsed.GetValue(labels) ?? []),
                    Requester = parsed.GetValue(requester),
                    Roles = parsed.GetValue(roles),
                },
                cancellationToken);
            string by = verdict.Roles is { } who ? $" {verdict.Needed} of {string.Join(", ", who)}" : "";
            Console.WriteLine(Terminal.Lines(
                $"{CamelCase.Of(verdict.Verdict)}{by}: rule '{verdict.Rule}'{(verdict.Reason is { } reason ? $": {reason}" : "")}"));
            return ExitCode.Done;
        });
        return command;
    }

    private static void Write(PolicyResource policy)
    {
        if (policy.Broken is { } broken)
        {
            Console.WriteLine(Terminal.Lines($"BROKEN: {broken} The policy before it holds."));
        }

        Console.WriteLine(Terminal.Lines(
            $"{(policy.Configured ? $"{policy.Rules.Count} {(policy.Rules.Count == 1 ? "rule" : "rules")}: {string.Join(", ", policy.Rules)}" : "no rules of its own")}\n"
            + $"if none matches, tools that reach beyond the workspace: without effects {CamelCase.Of(policy.Defaults.None)}, "
            + $"idempotent {CamelCase.Of(policy.Defaults.Idempotent)}, not idempotent {CamelCase.Of(policy.Defaults.NotIdempotent)}\n"
            + $"hash {policy.Hash}"));
    }
}

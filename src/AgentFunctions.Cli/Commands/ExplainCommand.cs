using System.CommandLine;
using AgentFunctions.AspNetCore.Governance;
using AgentFunctions.AspNetCore.Runs;
using AgentFunctions.Cli.Output;
using AgentFunctions.Cli.Server;
using AgentFunctions.Governance.Audit;

namespace AgentFunctions.Cli.Commands;

/// <summary><c>explain ID</c>: why a run is where it is.</summary>
internal static class ExplainCommand
{
    public static Command Create()
    {
        var id = new Argument<string>("id") { Description = "The run." };
        var server = new ServerOptions();
        var command = new Command("explain",
            "Say why a run of a server is where it is, from what it waits for, its journal and the audit log, and what can be done.")
        {
            id,
        };
        server.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using ApiClient client = server.Connect(parsed);
            RunResource run = await client.GetAsync(parsed.GetValue(id)!, cancellationToken);
            IReadOnlyList<EventResource> events = await client.ListEventsAsync(run.Id, Explanation.Events, cancellationToken);
            var explanation = new Explanation(run, [.. events.Select(static e => e.ToJournalEvent())])
            {
                Questions = await OrNoneAsync(async () => (await client.ListQuestionsAsync($"?run={Uri.EscapeDataString(run.Id)}",
                    cancellationToken)).Items),
                Approvals = await OrNoneAsync(async () => (await client.ListApprovalsAsync(cancellationToken)).Items),
                Audit = await OrNoneAsync(() => AuditAsync(client, run, cancellationToken)),
            };
            foreach (string line in explanation.Lines())
            {
                Console.WriteLine(line);
            }

            return ExitCode.Done;
        });
        return command;
    }

    private static async Task<IReadOnlyList<AuditEntry>> AuditAsync(ApiClient client, RunResource run,
        CancellationToken cancellationToken) =>
        [.. (await client.ListLastAuditAsync(run.Id, cancellationToken)).Items.Where(entry => entry.RunId == run.Id)];

    /// <summary>What this caller may not see is left out, and said to be.</summary>
    private static async Task<IReadOnlyList<T>?> OrNoneAsync<T>(Func<Task<IReadOnlyList<T>>> read)
    {
        try
        {
            return await read();
        }
        catch (ServerException)
        {
            return null;
        }
    }
}

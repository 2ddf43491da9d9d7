using System.CommandLine;
using System.Globalization;
using AgentFunctions.AspNetCore.Runs;
using AgentFunctions.Cli.Output;
using AgentFunctions.Cli.Server;
using AgentFunctions.Gateway.Erasure;

namespace AgentFunctions.Cli.Commands;

/// <summary><c>erase ID… | --label … | --before …</c>: erase runs of a server, with all that is stored about them.</summary>
internal static class EraseCommand
{
    private const int PageSize = 200;

    public static Command Create()
    {
        var ids = new Argument<string[]>("id") { Description = "The runs.", Arity = ArgumentArity.ZeroOrMore };
        var label = new Option<string?>("--label") { Description = "All runs with this label that have ended: a name, or name=value.", HelpName = "LABEL" };
        var before = new Option<string?>("--before")
        {
            Description = "All runs that ended before this day, or time with a zone.",
            HelpName = "TIME"
        };
        var reason = new Option<string?>("--reason")
        {
            Description = "Why; it stays in the audit log. A dry run needs none.",
            HelpName = "TEXT"
        };
        var dryRun = new Option<bool>("--dry-run") { Description = "Say what would be erased, and touch nothing." };
        var cancel = new Option<bool>("--cancel") { Description = "End a live run first." };
        var force = new Option<bool>("--force") { Description = "Erase although nobody knows whether some calls took effect." };
        var notes = new Option<bool>("--notes") { Description = "Also remove the notes that the runs wrote for later runs." };
        var server = new ServerOptions();
        var command = new Command("erase", "Erase runs of a server, with their sub-agents and all that is stored about them.")
        {
            ids, label, before, reason, dryRun, cancel, force, notes,
        };
        server.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using ApiClient client = server.Connect(parsed);
            var options = new EraseOptions(
                parsed.GetValue(reason), parsed.GetValue(dryRun), parsed.GetValue(cancel), parsed.GetValue(force),
                parsed.GetValue(notes));
            Check(parsed.GetValue(ids)!, parsed.GetValue(label), parsed.GetValue(before), options);
            bool failed = false;
            bool found = false;
            await foreach (string id in MeantAsync(client, parsed.GetValue(ids)!, parsed.GetValue(label),
                TimeOf(parsed.GetValue(before)), cancellationToken))
            {
                found = true;
                failed |= !await EraseAsync(client, id, options, cancellationToken);
            }

            if (!found)
            {
                Console.WriteLine("no runs that have ended fit");
            }

            return failed ? ExitCode.Failed : ExitCode.Done;
        });
        return command;
    }

    private static void Check(string[] ids, string? label, string? before, EraseOptions options)
    {
        if (ids.Length > 0 == (label is not null || before is not null))
        {
            throw new AgentException(ErrorCode.InvalidInput, "id: name runs, or choose them by --label and --before.");
        }

        if (!options.DryRun && string.IsNullOrWhiteSpace(options.Reason))
        {
            throw new AgentException(ErrorCode.InvalidInput,
                "--reason: say why; it stays in the audit log. --dry-run shows what would go.");
        }
    }

    private static DateTimeOffset? TimeOf(string? text) => text is null ? null
        : DateTimeOffset.TryParse(text, CultureInfo.InvariantCulture, DateTimeStyles.AssumeUniversal, out DateTimeOffset time)
            ? time
        : throw new AgentException(ErrorCode.InvalidInput,
            $"--before: '{text}' is not a valid time. Use 2026-01-31, or 2026-01-31T12:00:00Z.");

    private static async IAsyncEnumerable<string> MeantAsync(
        ApiClient client, string[] ids, string? label, DateTimeOffset? before,
        [System.Runtime.CompilerServices.EnumeratorCancellation] CancellationToken cancellationToken)
    {
        foreach (string id in ids)
        {
            yield return id;
        }

        string? after = null;
        while (ids.Length == 0)
        {
            RunListResource page = await client.ListLabelledAsync(PageSize, label, after, cancellationToken);
            foreach (RunResource run in page.Runs.Where(run => run.CompletedAt is { } ended
                && (before is null || ended < before)))
            {
                yield return run.Id;
            }

            if (page.Next is null)
            {
                yield break;
            }

            after = page.Next;
        }
    }

    private static async Task<bool> EraseAsync(ApiClient client, string id, EraseOptions options,
        CancellationToken cancellationToken)
    {
        try
        {
            if (options.DryRun)
            {
                Tell(await client.PlanErasureAsync(id, options, cancellationToken));
            }
            else
            {
                Erasure erasure = await client.EraseAsync(id, options, cancellationToken);
                string how = erasure.State is ErasureState.Requested or ErasureState.Erasing
                    ? "is being erased"
                    : erasure.State.ToString();
                Console.WriteLine(
                    Terminal.Lines($"{erasure.Run}  {how}{(erasure.Waits is { } obstacle ? $": {obstacle}" : "")}"));
            }

            return true;
        }
        catch (ServerException e)
        {
            Console.Error.WriteLine(Terminal.Lines($"{id}  {e.Message}"));
            return false;
        }
    }

    private static void Tell(ErasurePlan plan)
    {
        Console.WriteLine(Terminal.Lines(
            $"{plan.Run}  {plan.Runs} runs, {plan.Records.Values.Sum()} records, {plan.Entries.Values.Sum()} entries of logs, {plan.Contents} contents"
            + (plan.SharedContents > 0 ? $" ({plan.SharedContents} stay: others use the same)" : "")
            + (plan.Refusal is null ? "" : $"\n  would be refused: {plan.Refusal}")
            + (plan.Workspace is null ? "" : $"\n  folder: {plan.Workspace}")
            + (plan.Notes.Count == 0 ? "" : $"\n  notes, with --notes only: {string.Join(", ", plan.Notes)}")
            + (plan.AuditEntriesInClear == 0
                ? ""
                : $"\n  {plan.AuditEntriesInClear} audit entries of an earlier version cannot be erased; they end with the audit log's retention")));
    }
}

/// <summary>How runs are erased.</summary>
internal sealed record EraseOptions(string? Reason, bool DryRun, bool Cancel, bool Force, bool Notes);

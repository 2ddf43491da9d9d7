using System.CommandLine;
using System.Globalization;
using System.Text.Json;
using System.Text.Json.Serialization;
using AgentFunctions.Cli.Hosting;
using AgentFunctions.Cli.Output;
using AgentFunctions.Durability;
using AgentFunctions.Sqlite.Operations;

namespace AgentFunctions.Cli.Commands;

/// <summary>
/// <c>engine status|check|accept|reindex|compact|backup|export</c>: looks after the data file of the embedded engine.
/// </summary>
internal static class EngineCommand
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web)
    {
        WriteIndented = true,
        Converters = { new JsonStringEnumConverter(JsonNamingPolicy.CamelCase) },
    };

    public static Command Create() => new("engine", "Look after the data file of the embedded engine.")
    {
        Status(),
        Check(),
        Accept(),
        Reindex(),
        Compact(),
        Backup(),
        Export(),
    };

    private static Command Status()
    {
        Argument<string> file = DataFileArgument();
        var json = new Option<bool>("--json") { Description = "Write JSON." };
        var command = new Command("status", "Show what is in a data file; an engine may run on it.") { file, json };
        command.SetAction(parsed =>
        {
            DataFileStatus status = DataFile.Status(parsed.GetValue(file)!);
            Console.WriteLine(parsed.GetValue(json) ? JsonSerializer.Serialize(status, Json) : InWords(status));
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Check()
    {
        Argument<string> file = DataFileArgument();
        Option<string?> keys = KeysOption();
        var command = new Command("check",
            "Read a data file from end to end and look for damage and loss; an engine may run on it.") { file, keys };
        command.SetAction((parsed, cancellationToken) =>
        {
            IReadOnlyList<string> findings = DataFile.Check(parsed.GetValue(file)!, parsed.GetValue(keys), cancellationToken);
            foreach (string finding in findings)
            {
                Console.WriteLine(Terminal.Lines(finding));
            }

            Console.WriteLine(findings.Count == 0 ? "ok" : $"DAMAGED: {findings.Count} findings");
            return Task.FromResult(findings.Count == 0 ? ExitCode.Done : ExitCode.Failed);
        });
        return command;
    }

    private static Command Accept()
    {
        Argument<string> file = DataFileArgument();
        Option<string?> keys = KeysOption();
        var command = new Command("accept",
            "Go on with what is left of a data file that has lost something; no engine may run on it.") { file, keys };
        command.SetAction(parsed =>
        {
            string? lost = DataFile.Accept(parsed.GetValue(file)!, parsed.GetValue(keys));
            Console.WriteLine(lost is null
                ? "nothing is lost; nothing was changed"
                : Terminal.Lines($"accepted, and the next start goes on with what is left, the audit log included: {lost}"));
            return ExitCode.Done;
        });
        return command;
    }

    private static Option<string?> KeysOption() => new("--keys")
    {
        Description = "The folder of the host's keys, which has the head of the data file. By default 'keys' beside the file, or the file's name with '.keys'.",
        HelpName = "DIR",
    };

    private static Command Reindex()
    {
        Argument<string> file = DataFileArgument();
        var command = new Command("reindex",
            "Delete the run index, so that the next host builds it anew from the records; no engine may run on the file.") { file };
        command.SetAction(parsed =>
        {
            long entries = DataFile.Reindex(parsed.GetValue(file)!);
            Console.WriteLine($"deleted {entries:N0} entries; the next host builds the index anew when it is first asked for a list");
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Compact()
    {
        Argument<string> file = DataFileArgument();
        var command = new Command("compact", "Give the free space of a data file back; no engine may run on it.") { file };
        command.SetAction(parsed =>
        {
            DataFileCompaction compaction = DataFile.Compact(parsed.GetValue(file)!);
            Console.WriteLine($"{Size(compaction.BytesBefore)} before, {Size(compaction.BytesAfter)} after");
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Backup()
    {
        var copy = new Argument<string>("copy") { Description = "The file to write; one that is there is not replaced." };
        Argument<string> file = DataFileArgument();
        var command = new Command("backup",
            "Write a copy of a data file, as it is at one moment; an engine may run on it.") { copy, file };
        command.SetAction(parsed =>
        {
            string target = Path.GetFullPath(parsed.GetValue(copy)!);
            long bytes = DataFile.Backup(parsed.GetValue(file)!, target);
            Console.WriteLine($"{Size(bytes)} written to {Terminal.Lines(target)}");
            Console.Error.WriteLine("note: the host's keys are not in it; keep a copy of their folder too, in another place.");
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Export()
    {
        var id = new Argument<string>("id") { Description = "The run." };
        Argument<string> file = DataFileArgument();
        var command = new Command("export",
            "Write the state and the history of one run as JSON; an engine may run on the file.") { id, file };
        command.SetAction(parsed =>
        {
            using Stream output = Console.OpenStandardOutput();
            DataFile.Export(parsed.GetValue(file)!, parsed.GetValue(id)!, output);
            return ExitCode.Done;
        });
        return command;
    }

    private static Argument<string> DataFileArgument() => new("file")
    {
        Description = "The data file. By default the one of the working folder.",
        DefaultValueFactory = static _ => DataLocation.DataFile(),
    };

    private static string InWords(DataFileStatus status)
    {
        IEnumerable<string> instances = status.Instances.Select(count => $"{count.Value:N0} {CamelCase(count.Key)}");
        return string.Create(CultureInfo.InvariantCulture, $"""
            file       {Terminal.Lines(status.Path)}, schema {status.SchemaVersion}
            in use by  {(status.InUseBy is { } process ? $"process {process}" : "nobody")}
            size       {Size(status.Bytes)}, log {Size(status.WalBytes)}, free {Size(status.FreeBytes)}
            runs       {(status.Instances.Count == 0 ? "none" : string.Join(", ", instances))}
            turns      {status.Turns:N0}
            timers     {status.Timers:N0}{(status.NextTimer is { } next ? $", next at {next:u}" : "")}
            messages   {status.Messages:N0}
            streams    {status.Streams:N0} with {status.StreamEntries:N0} entries
            records    {status.Records:N0}
            blobs      {status.Blobs:N0}, {Size(status.BlobBytes)}
            """);
    }

    private static string CamelCase(OrchestrationStatus status) => JsonNamingPolicy.CamelCase.ConvertName(status.ToString());

    private static string Size(long bytes) => string.Create(CultureInfo.InvariantCulture, $"{bytes / 1024.0 / 1024.0:N1} MiB");
}

using System.CommandLine;
using System.Text.Json;
using AgentFunctions.AspNetCore.Governance;
using AgentFunctions.Cli.Hosting;
using AgentFunctions.Cli.Output;
using AgentFunctions.Cli.Server;
using AgentFunctions.Durability;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Keys;
using AgentFunctions.Sqlite;
using AgentFunctions.Storage;

namespace AgentFunctions.Cli.Commands;

/// <summary>
/// <c>audit verify|export|explain|keys</c>: who allowed what, and whether the record of it is as it was written.
/// </summary>
internal static class AuditCommand
{
    private static readonly JsonSerializerOptions Json = new(JsonSerializerDefaults.Web) { WriteIndented = true };

    public static Command Create() => new("audit", "Read and check the audit log.")
    {
        Verify(),
        Export(),
        Explain(),
        Keys(),
    };

    private static Command Verify()
    {
        var file = new Argument<FileInfo>("file") { Description = "What 'audit export' wrote." };
        var keys = new Option<FileInfo>("--keys")
        {
            Description = "The public keys that 'audit keys' wrote.",
            Required = true,
            HelpName = "FILE"
        };
        var head = new Option<string?>("--head") { Description = "The head that an earlier check showed: proves that nothing was cut off.", HelpName = "HASH" };
        var folder = new Option<DirectoryInfo?>("--key-folder")
        {
            Description = "The key folder of the host that wrote the log: its sealed heads prove that nothing was cut off.",
            HelpName = "DIR",
        };
        var known = new Option<FileInfo?>("--known")
        {
            Description = "What an earlier check noted, or 'GET /api/audit/verify' answered: proves that nothing was cut off since.",
            HelpName = "FILE",
        };
        var note = new Option<FileInfo?>("--note")
        {
            Description = "Write what this check found to a file, for a later one.",
            HelpName = "FILE"
        };
        var command = new Command("verify",
            "Check an exported audit log with the public keys alone: any altered, removed or moved entry is found.")
        {
            file, keys, head, folder, known, note,
        };
        command.SetAction(async (parsed, cancellationToken) =>
        {
            PublicKeySet trusted = await ReadAsync<PublicKeySet>(parsed.GetValue(keys)!, "--keys", cancellationToken);
            AuditHead[] heads =
            [
                .. HeadsOf(parsed.GetValue(folder)),
                .. parsed.GetValue(known) is { } noted
                    ? (await ReadAsync<AuditVerification>(noted, "--known", cancellationToken)).Heads ?? []
                    : [],
            ];
            AuditVerification result = await AuditVerifier.VerifyAsync(
                AuditExport.ReadAsync(parsed.GetValue(file)!.FullName, cancellationToken), trusted, heads, parsed.GetValue(head),
                cancellationToken);
            if (result.Holds && parsed.GetValue(note) is { } output)
            {
                await OutputFile.WriteAsync(
                    output.FullName, replaces: true, file => JsonSerializer.SerializeAsync(file, result, Json, cancellationToken));
            }

            Console.WriteLine(result.Holds
                ? $"holds: {result.Entries} entries, head {result.Head}"
                : $"BROKEN: {result.Problem}");
            return result.Holds ? ExitCode.Done : ExitCode.Failed;
        });
        return command;
    }

    private static async Task<T> ReadAsync<T>(FileInfo file, string option, CancellationToken cancellationToken)
        where T : class
    {
        try
        {
            return JsonSerializer.Deserialize<T>(await File.ReadAllTextAsync(file.FullName, cancellationToken), Json)
                ?? throw new AgentException(ErrorCode.InvalidInput, $"{option}: '{file.FullName}' is empty.");
        }
        catch (JsonException)
        {
            throw new AgentException(ErrorCode.InvalidInput,
                $"{option}: '{file.FullName}' is not the JSON that this option takes.");
        }
    }

    private static AuditHead[] HeadsOf(DirectoryInfo? keyFolder)
    {
        if (keyFolder is null)
        {
            return [];
        }

        AuditHead[] heads = AuditHeads.Read(keyFolder.FullName);
        return heads.Length > 0 ? heads : throw new AgentException(
            ErrorCode.InvalidInput,
            $"--key-folder: '{keyFolder.FullName}' has no head of the audit log; name the folder of the host's keys.");
    }

    private static Command Export()
    {
        var data = new Option<DirectoryInfo?>("--data")
        {
            Description = "The data folder of a host that is not running; by default a server is asked, which may be at work.",
            HelpName = "DIR",
        };
        var output = new Option<FileInfo>("--output") { Description = "The file to write.", Required = true, HelpName = "FILE" };
        var server = new ServerOptions();
        var command = new Command("export",
            "Write the audit log of a server or of a data folder to a file, as it is stored.") { data, output };
        server.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            string file = parsed.GetValue(output)!.FullName;
            if (parsed.GetValue(data) is { } folder)
            {
                await using var engine = new SqliteEngine(
                    new SqliteEngineOptions
                    {
                        DataFile = Path.Combine(folder.FullName, DataLocation.FileName),
                        StoresOnly = true
                    },
                    new DurableRegistry());
                await engine.StartAsync(cancellationToken);
                await OutputFile.WriteAsync(
                    file, replaces: true, to => AuditExport.WriteAsync(engine.Logs, to, cancellationToken));
            }
            else
            {
                using ApiClient client = server.Connect(parsed);
                await OutputFile.WriteAsync(
                    file, replaces: true, to => client.DownloadAsync("/api/audit/export", to, cancellationToken));
            }

            long count = await AuditExport.CountAsync(file, cancellationToken);
            Console.WriteLine($"{count} entries written to {file}");
            return ExitCode.Done;
        });
        return command;
    }

    private static Command Explain()
    {
        var run = new Argument<string>("run") { Description = "The run." };
        var server = new ServerOptions();
        var command = new Command("explain", "Tell in words who allowed what in a run, and why.") { run };
        server.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using ApiClient client = server.Connect(parsed);
            string? after = null;
            do
            {
                AuditListResource page = await client.ListAuditAsync(parsed.GetValue(run)!, after, cancellationToken);
                foreach (AuditEntry entry in page.Items)
                {
                    Console.WriteLine(Terminal.Lines(AuditStory.Tell(entry)));
                }

                after = page.Cursor;
            }
            while (after is not null);

            return ExitCode.Done;
        });
        return command;
    }

    private static Command Keys()
    {
        var server = new ServerOptions();
        var command = new Command("keys", "Print the public keys of a server's audit log; keep them elsewhere.");
        server.AddTo(command);
        command.SetAction(async (parsed, cancellationToken) =>
        {
            using ApiClient client = server.Connect(parsed);
            Console.WriteLine(JsonSerializer.Serialize(await client.AuditKeysAsync(cancellationToken), Json));
            return ExitCode.Done;
        });
        return command;
    }
}

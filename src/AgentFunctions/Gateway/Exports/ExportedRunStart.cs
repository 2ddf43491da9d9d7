using System.IO.Compression;
using System.Security.Cryptography;
using System.Text;
using System.Text.Json;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Storage;
using Microsoft.Extensions.Hosting;

namespace AgentFunctions.Gateway.Exports;

/// <summary>Puts what an exported file holds into the stores of the host that shows it, before anybody asks.</summary>
internal sealed class ExportedRunStart(ExportedRun exported, IRecordStore records, ILogStore logs,
    IBlobStore blobs) : IHostedService
{
    private const int Portion = 200;

    private const string Ending = ".ndjson";

    public async Task StartAsync(CancellationToken cancellationToken)
    {
        ZipArchive zip = await ExportedRun.ReadAsync(exported.Path, cancellationToken).ConfigureAwait(false);
        await using (zip.ConfigureAwait(false))
        {
            // Writes that are handed over together share a commit.
            foreach (ExportPart[] some in exported.Contents.Chunk(Portion))
            {
                var written = new List<Task>();
                foreach (ExportPart part in some)
                {
                    byte[] bytes = await ExportedRun.PartAsync(zip, part.Name, part.Bytes, cancellationToken)
                        .ConfigureAwait(false);
                    written.Add(TakeAsync(part.Name, bytes, cancellationToken));
                }

                await Task.WhenAll(written).ConfigureAwait(false);
            }
        }
    }

    public Task StopAsync(CancellationToken cancellationToken) => Task.CompletedTask;

    private async Task TakeAsync(string name, byte[] bytes, CancellationToken cancellationToken)
    {
        if (name.StartsWith(ExportNames.Content, StringComparison.Ordinal))
        {
            await TakeContentAsync(name[ExportNames.Content.Length..], bytes, cancellationToken).ConfigureAwait(false);
        }
        else if (name == ExportNames.Audit)
        {
            await TakeAuditAsync(bytes, cancellationToken).ConfigureAwait(false);
        }
        else if (ExportNames.TryRead(name, exported.Run) is ({ } run, { } kind))
        {
            if (name == ExportNames.RecordOf(run))
            {
                await records.PutAsync($"{RunNames.Runs}/{run}", bytes, default, cancellationToken).ConfigureAwait(false);
            }
            else if (name == ExportNames.StateOf(run))
            {
                exported.States[run] = JsonSerializer.Deserialize(bytes, ExportJsonContext.Default.OrchestrationState)!;
            }
            else if (name == ExportNames.RecordsOf(run))
            {
                await TakeRecordsAsync(run, bytes, cancellationToken).ConfigureAwait(false);
            }
            else if (kind.EndsWith(Ending, StringComparison.Ordinal) && RunNames.Streams.Contains(kind[..^Ending.Length]))
            {
                await AppendAsync($"{kind[..^Ending.Length]}/{run}", Lines(bytes), cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task TakeContentAsync(string hash, byte[] bytes, CancellationToken cancellationToken)
    {
        string kept = await blobs.PutAsync(bytes, cancellationToken).ConfigureAwait(false);
        if (kept != hash && hash.Length == 2 * SHA256.HashSizeInBytes && hash.All(char.IsAsciiHexDigitLower))
        {
            // Masked where it was exported: found by the hash of the truth all the same.
            await records.PutAsync($"sealed-content/{hash}", Encoding.ASCII.GetBytes(kept), default, cancellationToken)
                .ConfigureAwait(false);
        }
    }

    private async Task TakeRecordsAsync(string run, byte[] bytes, CancellationToken cancellationToken)
    {
        foreach (ReadOnlyMemory<byte> line in Lines(bytes))
        {
            using var document = JsonDocument.Parse(line);
            string key = document.RootElement.GetProperty("key").GetString()!;
            if (ExportNames.IsRecordOf(key, run))
            {
                JsonElement value = document.RootElement.GetProperty("value");
                byte[] kept = value.ValueKind == JsonValueKind.Null ? [] : Encoding.UTF8.GetBytes(value.GetRawText());
                await records.PutAsync(key, kept, default, cancellationToken).ConfigureAwait(false);
            }
        }
    }

    private async Task TakeAuditAsync(byte[] bytes, CancellationToken cancellationToken)
    {
        foreach (IGrouping<string?, AuditEntry> part in Lines(bytes)
            .Select(static line => JsonSerializer.Deserialize(line.Span, AuditJsonContext.Default.AuditEntry)!)
            .Where(entry => entry.RunId is not null && Core.ChildName.RootOf(entry.RunId) == exported.Run)
            .GroupBy(AuditShards.Of))
        {
            IEnumerable<ReadOnlyMemory<byte>> lines =
                part.Select(static (entry, number) => (ReadOnlyMemory<byte>)JsonSerializer.SerializeToUtf8Bytes(
                entry with { Seq = number, Sealed = null }, AuditJsonContext.Default.AuditEntry));
            await AppendAsync(AuditShards.StreamOf(part.Key), lines, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task AppendAsync(string stream, IEnumerable<ReadOnlyMemory<byte>> lines, CancellationToken cancellationToken)
    {
        foreach (ReadOnlyMemory<byte>[] some in lines.Chunk(Portion))
        {
            await logs.AppendAsync(stream, some, null, cancellationToken).ConfigureAwait(false);
        }
    }

    private static IEnumerable<ReadOnlyMemory<byte>> Lines(ReadOnlyMemory<byte> bytes)
    {
        while (!bytes.IsEmpty)
        {
            int at = bytes.Span.IndexOf((byte)'\n');
            yield return at < 0 ? bytes : bytes[..at];
            bytes = at < 0 ? default : bytes[(at + 1)..];
        }
    }
}

using System.IO.Compression;
using System.Runtime.CompilerServices;
using System.Text.Json;
using AgentFunctions.Core;
using AgentFunctions.Governance.Audit;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Keys;
using AgentFunctions.Runs;
using AgentFunctions.Storage;

namespace AgentFunctions.Gateway.Exports;

/// <summary>Writes run trees as files that tell all about them, and that show whether they were changed.</summary>
public sealed class RunExports
{
    /// <summary>Names the media type of the files.</summary>
    public const string MediaType = "application/vnd.agentfunctions.run+zip";

    private readonly RunStore _runs;
    private readonly ExportSources _sources;
    private readonly AuditLog _audit;
    private readonly SigningKeys _keys;
    private readonly Redactor _redactor;
    private readonly TimeProvider _time;

    internal RunExports(RunStore runs, ExportSources sources, AuditLog audit, SigningKeys keys, Redactor redactor,
        TimeProvider time) =>
        (_runs, _sources, _audit, _keys, _redactor, _time) = (runs, sources, audit, keys, redactor, time);

    /// <summary>Writes the whole tree that a run belongs to. That it was, and for whom, stays in the audit log.</summary>
    /// <param name="run">The run.</param>
    /// <param name="caller">Who asks.</param>
    /// <param name="withAudit">Whether the audit entries of the tree belong in it.</param>
    /// <param name="output">Where to.</param>
    /// <param name="cancellationToken">The token to cancel the write.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.RunNotFound"/>; <see cref="ErrorCode.RunErased"/>.</exception>
    public async Task WriteAsync(string run, Caller caller, bool withAudit, Stream output,
        CancellationToken cancellationToken = default)
    {
        ArgumentNullException.ThrowIfNull(run);
        ArgumentNullException.ThrowIfNull(caller);
        ArgumentNullException.ThrowIfNull(output);
        RunRecord root = await _runs.GetAsync(ChildName.RootOf(run), cancellationToken).ConfigureAwait(false);
        await _audit.AppendAsync(
            new AuditEntry(AuditTypes.RunExported)
            {
                RunId = root.Id,
                RootId = root.Id,
                Actor = caller.Id,
                Requester = root.Requester
            },
            cancellationToken).ConfigureAwait(false);
        ZipArchive zip = await ZipArchive.CreateAsync(output, ZipArchiveMode.Create, true, null, cancellationToken)
            .ConfigureAwait(false);
        await using (zip.ConfigureAwait(false))
        {
            var writer = new ExportWriter(zip);
            var contents = new HashSet<string>(StringComparer.Ordinal);
            await AddRunAsync(writer, root, contents, cancellationToken).ConfigureAwait(false);
            await foreach (RunRecord below in _runs.ListDescendantsAsync(root.Id, cancellationToken).ConfigureAwait(false))
            {
                await AddRunAsync(writer, below, contents, cancellationToken).ConfigureAwait(false);
            }

            foreach (string hash in contents)
            {
                if (await _sources.ContentAsync(hash, cancellationToken).ConfigureAwait(false) is { } content)
                {
                    await writer.AddAsync(ExportNames.Content + hash, content, cancellationToken).ConfigureAwait(false);
                }
            }

            if (withAudit)
            {
                await writer.AddAsync(ExportNames.Audit, AuditAsync(root.Id, cancellationToken), cancellationToken)
                    .ConfigureAwait(false);
            }

            PublicKeySet keys = await _keys.PublishedAsync(cancellationToken).ConfigureAwait(false);
            await writer.AddAsync(
                ExportNames.Keys, JsonSerializer.SerializeToUtf8Bytes(keys, SigningKeysJsonContext.Default.PublicKeySet),
                cancellationToken).ConfigureAwait(false);
            await SignAsync(writer, root, caller, cancellationToken).ConfigureAwait(false);
        }
    }

    private async Task AddRunAsync(ExportWriter writer, RunRecord run, HashSet<string> contents,
        CancellationToken cancellationToken)
    {
        if (await _sources.StateAsync(run.Id, cancellationToken).ConfigureAwait(false) is not { } state)
        {
            return;
        }

        await writer.AddAsync(ExportNames.RecordOf(run.Id), _sources.RecordOf(run), cancellationToken).ConfigureAwait(false);
        await writer.AddAsync(ExportNames.StateOf(run.Id), state, cancellationToken).ConfigureAwait(false);
        foreach (string stream in RunNames.Streams)
        {
            await writer.AddAsync(
                ExportNames.StreamOf(run.Id, stream), _sources.StreamAsync(stream, run.Id, cancellationToken), cancellationToken)
                .ConfigureAwait(false);
        }

        await writer.AddAsync(
            ExportNames.RecordsOf(run.Id), _sources.RecordsAsync(run.Id, cancellationToken), cancellationToken)
            .ConfigureAwait(false);
        contents.UnionWith(await _sources.HashesAsync(run, cancellationToken).ConfigureAwait(false));
    }

    private async IAsyncEnumerable<ReadOnlyMemory<byte>> AuditAsync(string root,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (AuditEntry entry in _audit.ReadAsync(root, 0, cancellationToken).ConfigureAwait(false))
        {
            yield return _redactor.RedactJson(JsonSerializer.SerializeToUtf8Bytes(entry, AuditJsonContext.Default.AuditEntry)
                .AsMemory());
        }
    }

    private async Task SignAsync(ExportWriter writer, RunRecord root, Caller caller, CancellationToken cancellationToken)
    {
        var manifest = new ExportManifest(
            ExportManifest.Version1, root.Id, _redactor.Redact(root.Goal), _time.GetUtcNow(), caller.Id, [.. writer.Parts]);
        byte[] bytes = JsonSerializer.SerializeToUtf8Bytes(manifest, ExportJsonContext.Default.ExportManifest);
        SigningKey key = await _keys.CurrentAsync(cancellationToken).ConfigureAwait(false);
        var signature = new ExportSignature(key.Public.Kid, Convert.ToHexStringLower(key.Sign(bytes)));
        await writer.AddAsync(ExportNames.Manifest, bytes, cancellationToken).ConfigureAwait(false);
        await writer.AddAsync(
            ExportNames.Signature, JsonSerializer.SerializeToUtf8Bytes(signature, ExportJsonContext.Default.ExportSignature),
            cancellationToken).ConfigureAwait(false);
    }
}

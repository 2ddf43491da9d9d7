using System.Runtime.CompilerServices;
using System.Text.Json;
using AgentFunctions.Durability;
using AgentFunctions.Gateway.Erasure;
using AgentFunctions.Governance.Redaction;
using AgentFunctions.Runs;
using AgentFunctions.Storage;

namespace AgentFunctions.Gateway.Exports;

/// <summary>Reads what is stored about a run, as people may see it: without secrets.</summary>
internal sealed class ExportSources(
    IRecordStore records, ILogStore logs, IBlobStore blobs, TreeContents contents, IOrchestrationClient orchestrations,
    Redactor redactor)
{
    /// <summary>Gets the record of a run, without where the host keeps its folder and where it sends its end.</summary>
    public ReadOnlyMemory<byte> RecordOf(RunRecord run) => Shown(JsonSerializer.SerializeToUtf8Bytes(
        run with { Workspace = null, CallbackUrl = null }, RunsJsonContext.Default.RunRecord));

    /// <summary>Reads how far a run has come; <see langword="null"/> if it never began.</summary>
    public async Task<ReadOnlyMemory<byte>?> StateAsync(string run, CancellationToken cancellationToken)
    {
        if (await orchestrations.GetAsync(run, true, cancellationToken).ConfigureAwait(false) is not { } state)
        {
            return null;
        }

        state = state with
        {
            Input = null,
            Output = redactor.RedactJson(state.Output),
            CustomStatus = redactor.RedactJson(state.CustomStatus),
            Failure = Without(state.Failure),
        };
        return JsonSerializer.SerializeToUtf8Bytes(state, ExportJsonContext.Default.OrchestrationState);
    }

    /// <summary>Reads a stream of a run.</summary>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> StreamAsync(
        string stream, string run, [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        await foreach (LogEntry entry in logs.ReadAsync($"{stream}/{run}", 0, null, cancellationToken).ConfigureAwait(false))
        {
            yield return OneLine(Shown(entry.Data));
        }
    }

    /// <summary>Reads the records of a run, each with its key.</summary>
    public async IAsyncEnumerable<ReadOnlyMemory<byte>> RecordsAsync(string run,
        [EnumeratorCancellation] CancellationToken cancellationToken)
    {
        var keys = new List<string>();
        foreach (string name in ExportNames.Records)
        {
            await foreach (StoredRecord record in contents.RecordsAsync(name, run, cancellationToken).ConfigureAwait(false))
            {
                keys.Add(record.Key);
            }
        }

        keys.AddRange((await contents.ApprovalsAsync(run, cancellationToken)
            .ConfigureAwait(false)).Select(static id => $"approvals/{id}"));
        keys.AddRange((await contents.QuestionIdsAsync(run, cancellationToken)
            .ConfigureAwait(false)).Select(static id => $"questions/{id}"));
        foreach (string key in keys)
        {
            if (await records.GetAsync(key, cancellationToken).ConfigureAwait(false) is { } record)
            {
                yield return Line(key, record.Value.IsEmpty ? record.Value : Shown(record.Value));
            }
        }
    }

    /// <summary>Gets the hashes of what a run refers to.</summary>
    public async Task<IReadOnlyCollection<string>> HashesAsync(RunRecord run, CancellationToken cancellationToken) =>
    [
        .. await contents.HashesAsync(run.Id, cancellationToken).ConfigureAwait(false),
        .. new[] { run.DefinitionHash, run.ToolsHash }.OfType<string>(),
    ];

    /// <summary>Reads a content; <see langword="null"/> if it is gone.</summary>
    public async Task<ReadOnlyMemory<byte>?> ContentAsync(string hash, CancellationToken cancellationToken) =>
        await blobs.GetAsync(hash, cancellationToken).ConfigureAwait(false) is { } content ? Shown(content) : null;

    private ReadOnlyMemory<byte> Shown(ReadOnlyMemory<byte> truth) => redactor.RedactJson(truth);

    private FailureDetails? Without(FailureDetails? failure) => failure is null ? null : failure with
    {
        Message = redactor.Redact(failure.Message),
        StackTrace = null,
        InnerFailure = Without(failure.InnerFailure),
    };

    private static byte[] Line(string key, ReadOnlyMemory<byte> value)
    {
        using var output = new MemoryStream();
        using (var writer = new Utf8JsonWriter(output))
        {
            writer.WriteStartObject();
            writer.WriteString("key", key);
            writer.WritePropertyName("value");
            if (value.IsEmpty)
            {
                // What is there to be found alone, such as an approval that is open.
                writer.WriteNullValue();
            }
            else
            {
                writer.WriteRawValue(OneLine(value).Span);
            }

            writer.WriteEndObject();
        }

        return output.ToArray();
    }

    private static ReadOnlyMemory<byte> OneLine(ReadOnlyMemory<byte> json)
    {
        if (!json.Span.Contains((byte)'\n'))
        {
            return json;
        }

        using var document = JsonDocument.Parse(json);
        return JsonSerializer.SerializeToUtf8Bytes(document.RootElement, ExportJsonContext.Default.JsonElement);
    }
}

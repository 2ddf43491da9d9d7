using System.Security.Cryptography;
using System.Text;
using AgentFunctions.Keys;
using AgentFunctions.Storage;

namespace AgentFunctions.Governance.Redaction;

/// <summary>
/// Keeps content by the hash of its truth. Content with secrets lies masked and sealed under a hash of its own, and a record
/// leads there.
/// </summary>
internal sealed class RedactingBlobStore(IBlobStore inner, Redactor redactor, Func<TruthSeal> truth,
    Func<IRecordStore> records) : IBlobStore
{
    private const string Prefix = "sealed-content/";

    public async Task<string> PutAsync(ReadOnlyMemory<byte> content, CancellationToken cancellationToken = default)
    {
        if (redactor.FindInJson(content.Span).Count == 0)
        {
            return await inner.PutAsync(content, cancellationToken).ConfigureAwait(false);
        }

        string hash = Convert.ToHexStringLower(SHA256.HashData(content.Span));
        ReadOnlyMemory<byte> written = await truth().CloseAsync(content, Prefix + hash, TreeKeys.HostTree, cancellationToken)
            .ConfigureAwait(false);
        Task<string> kept = inner.PutAsync(written, cancellationToken);
        if (records().IsShared)
        {
            // Another process must not find the record before the content. Within one process writes take effect in the order in
            // which they are handed over.
            await kept.ConfigureAwait(false);
        }

        byte[] place = Encoding.ASCII.GetBytes(Convert.ToHexStringLower(SHA256.HashData(written.Span)));
        await Task.WhenAll(kept, records().PutAsync(Prefix + hash, place, default, cancellationToken)).ConfigureAwait(false);
        return hash;
    }

    public async Task<ReadOnlyMemory<byte>?> GetAsync(string hash, CancellationToken cancellationToken = default)
    {
        if (await inner.GetAsync(hash, cancellationToken).ConfigureAwait(false) is { } content)
        {
            return content;
        }

        if (await records().GetAsync(Prefix + hash, cancellationToken).ConfigureAwait(false) is { } record
            && await inner.GetAsync(Encoding.ASCII.GetString(record.Value.Span), cancellationToken)
                .ConfigureAwait(false) is { } sealedContent)
        {
            return await truth().OpenAsync(sealedContent, Prefix + hash, cancellationToken).ConfigureAwait(false);
        }

        return null;
    }

    public async Task DeleteAsync(string hash, CancellationToken cancellationToken = default)
    {
        await inner.DeleteAsync(hash, cancellationToken).ConfigureAwait(false);
        if (await records().GetAsync(Prefix + hash, cancellationToken).ConfigureAwait(false) is { } record)
        {
            await inner.DeleteAsync(Encoding.ASCII.GetString(record.Value.Span), cancellationToken).ConfigureAwait(false);
            await records().DeleteAsync(Prefix + hash, default, cancellationToken).ConfigureAwait(false);
        }
    }
}

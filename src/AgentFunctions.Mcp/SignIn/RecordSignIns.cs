using AgentFunctions.Storage;

namespace AgentFunctions.Mcp.SignIn;

/// <summary>Keeps sealed sign-ins as records, for hosts that share one store.</summary>
internal sealed class RecordSignIns(IRecordStore records) : ISignInBacking
{
    public async Task<byte[]?> FindAsync(string name, CancellationToken cancellationToken) =>
        (await records.GetAsync(KeyOf(name), cancellationToken).ConfigureAwait(false))?.Value.ToArray();

    public Task PutAsync(string name, byte[] value, CancellationToken cancellationToken) =>
        records.PutAsync(KeyOf(name), value, default, cancellationToken);

    public Task DeleteAsync(string name, CancellationToken cancellationToken) =>
        records.DeleteAsync(KeyOf(name), default, cancellationToken);

    private static string KeyOf(string name) => $"sign-ins/{name}";
}

using System.Collections.Concurrent;

namespace AgentApp;

/// <summary>Stands for your payment provider, which keeps refunds by the key of the call. Replace it.</summary>
public class RefundBook
{
    private readonly ConcurrentDictionary<string, string> _receipts = new();

    /// <summary>All refunds that were paid.</summary>
    public IReadOnlyCollection<string> Receipts => [.. _receipts.Values];

    public string Pay(string key, string order, decimal amount) =>
        _receipts.GetOrAdd(key, _ => $"Receipt for {order}: {amount} dollars");

    public string? Find(string key) => _receipts.GetValueOrDefault(key);
}

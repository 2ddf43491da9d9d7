using AgentFunctions.Keys;

namespace AgentFunctions.Tests.Keys;

/// <summary>A key is destroyed while somebody reads it.</summary>
internal sealed class TreeKeyDestroyedTests
{
    [Test]
    public async Task Destroy_WhileTheKeyIsRead_NobodyHasItAfterwards()
    {
        var store = new SlowStore();
        var before = new TreeKeys(store, new MemoryKeys(), TimeProvider.System);
        var hostKeys = new MemoryKeys();
        await new TreeKeys(store, hostKeys, TimeProvider.System).GetAsync("tree");
        var keys = new TreeKeys(store, hostKeys, TimeProvider.System);
        store.Read = new TaskCompletionSource();
        Task<TreeKey?> reading = keys.FindAsync("tree").AsTask();
        await store.Reading.Task;

        await keys.DestroyAsync("tree");
        store.Read.SetResult();

        Assert.That(await reading, Is.Null);
        Assert.That(await keys.FindAsync("tree"), Is.Null, "it is not kept in memory either");
        Assert.That(await keys.TryGetAsync("tree"), Is.Null, "and none is made in its place");
        Assert.That(await before.TryGetAsync("other"), Is.Not.Null);
    }

    private sealed class SlowStore : ITreeKeyStore
    {
        private readonly Dictionary<string, byte[]> _keys = [];

        public TaskCompletionSource Reading { get; } = new();

        public TaskCompletionSource? Read { get; set; }

        public bool IsShared => false;

        public async Task<byte[]?> FindAsync(string root, CancellationToken cancellationToken = default)
        {
            byte[]? found = _keys.GetValueOrDefault(root);
            if (Read is { Task.IsCompleted: false } read)
            {
                Reading.SetResult();
                await read.Task;
            }

            return found;
        }

        public Task<bool> TryAddAsync(string root, byte[] wrapped, CancellationToken cancellationToken = default) =>
            Task.FromResult(_keys.TryAdd(root, wrapped));

        public Task DestroyAsync(string root, CancellationToken cancellationToken = default)
        {
            _keys[root] = [0];
            return Task.CompletedTask;
        }
    }

    private sealed class MemoryKeys : ISigningKeyStore
    {
        private readonly List<StoredKey> _keys = [];

        public Task<IReadOnlyList<StoredKey>> ReadAsync(string purpose, CancellationToken cancellationToken = default) =>
            Task.FromResult<IReadOnlyList<StoredKey>>([.. _keys]);

        public Task<bool> TryAddAsync(string purpose, int number, StoredKey key, CancellationToken cancellationToken = default)
        {
            _keys.Add(key);
            return Task.FromResult(true);
        }
    }
}

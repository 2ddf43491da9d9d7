using AgentFunctions.Durability;
using AgentFunctions.Sqlite.Client;
using AgentFunctions.Sqlite.Database;
using AgentFunctions.Sqlite.Integrity;
using AgentFunctions.Sqlite.Runtime;
using AgentFunctions.Sqlite.Stores;
using AgentFunctions.Storage;
using Microsoft.Extensions.Logging;
using Microsoft.Extensions.Logging.Abstractions;

namespace AgentFunctions.Sqlite;

/// <summary>
/// Represents a durable engine and its stores on one SQLite file, for one process. A host starts and stops it (<see
/// cref="SqliteEngineServiceCollectionExtensions.AddSqliteEngine"/>); without a host, call <see cref="StartAsync"/> and dispose
/// it.
/// </summary>
public sealed class SqliteEngine : IAsyncDisposable
{
    private readonly SqliteEngineOptions _options;
    private readonly DurableRegistry _registry;
    private readonly TimeProvider _time;
    private readonly ILoggerFactory _loggers;
    private readonly SemaphoreSlim _gate = new(1);
    private EngineCore? _core;
    private DataFileLock? _lock;

    /// <summary>Makes an engine that is not running.</summary>
    /// <param name="options">Where the data are, and the limits.</param>
    /// <param name="registry">What it can run.</param>
    /// <param name="timeProvider">The clock; by default the system's.</param>
    /// <param name="loggerFactory">Where it logs; by default nowhere.</param>
    public SqliteEngine(
        SqliteEngineOptions options, DurableRegistry registry, TimeProvider? timeProvider = null,
        ILoggerFactory? loggerFactory = null)
    {
        ArgumentNullException.ThrowIfNull(options);
        ArgumentNullException.ThrowIfNull(registry);
        _options = options;
        _registry = registry;
        _time = timeProvider ?? TimeProvider.System;
        _loggers = loggerFactory ?? NullLoggerFactory.Instance;
        Client = new SqliteOrchestrationClient(this);
        Logs = new SqliteLogStore(this);
        Records = new SqliteRecordStore(this);
        Blobs = new SqliteBlobStore(this);
    }

    /// <summary>Starts and steers orchestrations.</summary>
    public IOrchestrationClient Client { get; }

    /// <summary>Streams in the same file.</summary>
    public ILogStore Logs { get; }

    /// <summary>Records in the same file.</summary>
    public IRecordStore Records { get; }

    /// <summary>Gets the content store in the same file.</summary>
    public IBlobStore Blobs { get; }

    internal EngineCore Core => _core ?? throw new AgentException(
        ErrorCode.EngineUnavailable, "The engine is not running; start it, or the host that it belongs to, and repeat the call.");

    /// <summary>Opens the data file and goes on with all that is unfinished in it.</summary>
    /// <param name="cancellationToken">The token to cancel the wait to begin.</param>
    /// <exception cref="AgentException">
    /// <see cref="ErrorCode.DataFileInUse"/>: another process has the file.
    /// <see cref="ErrorCode.DataFileUnusable"/>: it is damaged, of another program, from a newer version, or behind its head.
    /// <see cref="ErrorCode.EngineUnavailable"/>: it cannot be written.
    /// </exception>
    public async Task StartAsync(CancellationToken cancellationToken = default)
    {
        await _gate.WaitAsync(cancellationToken).ConfigureAwait(false);
        try
        {
            if (_core is null)
            {
                Start();
                _loggers.CreateLogger<SqliteEngine>().LogStarted(_options.DataFile);
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <summary>
    /// Stops the engine: waits for activities in progress for a limited time, and closes the file. Unfinished work continues at
    /// the next start.
    /// </summary>
    public async Task StopAsync()
    {
        await _gate.WaitAsync().ConfigureAwait(false);
        try
        {
            if (_core is { } core)
            {
                await core.StopAsync().ConfigureAwait(false);
                _core = null;
                core.Dispose();
                _lock?.Dispose();
                _lock = null;
                _loggers.CreateLogger<SqliteEngine>().LogStopped(_options.DataFile);
            }
        }
        finally
        {
            _gate.Release();
        }
    }

    /// <inheritdoc/>
    public async ValueTask DisposeAsync()
    {
        await StopAsync().ConfigureAwait(false);
        _gate.Dispose();
    }

    private void Start()
    {
        DataFileLock? taken = _options.DataFile == SqliteEngineOptions.InMemory ? null : DataFileLock.Take(_options.DataFile);
        EngineCore? core = null;
        try
        {
            (Connection connection, CommitCounter? counter) = taken is null
                ? (WriterConnection.Open(_options.DataFile), null)
                : OpenFile();
            core = new EngineCore(_options, _registry, _time, _loggers, connection, counter);
            _core = core;
            _lock = taken;

            // Last: steps that go on at once use the stores.
            core.Resume();
        }
        catch
        {
            _core = null;
            _lock = null;
            core?.Writer.Dispose();
            taken?.Dispose();
            throw;
        }
    }

    private (Connection Connection, CommitCounter Counter) OpenFile()
    {
        var head = new HeadFile(_options.DataFile, _options.EffectiveKeyFolder);
        Connection? connection = null;
        try
        {
            // Before anything is written: what is left of a damaged file, and of its log, stays as it is.
            head.Ensure();
            connection = WriterConnection.Open(_options.DataFile);
            ILogger logger = _loggers.CreateLogger<SqliteEngine>();
            if (!File.Exists(head.Place) && HeadTable.Read(connection) is not null)
            {
                logger.LogNoHead(_options.DataFile, head.Place);
            }

            return (connection, CommitCounter.Begin(connection, head, logger));
        }
        catch (Exception error)
        {
            connection?.Dispose();
            head.Dispose();
            if (error is DatabaseException database)
            {
                throw database.ToAgentException(_options.DataFile);
            }

            throw;
        }
    }
}

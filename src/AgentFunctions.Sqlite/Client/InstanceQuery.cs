using System.Globalization;
using System.Text;
using AgentFunctions.Durability;
using AgentFunctions.Sqlite.Database;
using AgentFunctions.Sqlite.Runtime;

namespace AgentFunctions.Sqlite.Client;

/// <summary>A query for instances as SQL. A continuation token is the number of the last instance seen.</summary>
internal sealed class InstanceQuery
{
    private readonly OrchestrationQuery _query;
    private readonly long _after;

    /// <summary>Reads a query.</summary>
    /// <param name="query">The query.</param>
    /// <exception cref="AgentException"><see cref="ErrorCode.InvalidInput"/>.</exception>
    public InstanceQuery(OrchestrationQuery query)
    {
        _query = query;
        if (query.PageSize is < 1 or > 1_000)
        {
            throw new AgentException(
                ErrorCode.InvalidInput, $"{nameof(OrchestrationQuery.PageSize)} is {query.PageSize}; use 1 to 1,000.");
        }

        if (query.ContinuationToken is { } token
            && !long.TryParse(token, NumberStyles.None, CultureInfo.InvariantCulture, out _after))
        {
            throw new AgentException(
                ErrorCode.InvalidInput,
                $"{nameof(OrchestrationQuery.ContinuationToken)} is not one that a query returned; pass it back unchanged.");
        }
    }

    public Page<OrchestrationState> Run(Connection connection)
    {
        var sql = new StringBuilder($"SELECT {InstanceRow.Columns} FROM instances WHERE seq > ?1");
        if (_query.Statuses.Count > 0)
        {
            sql.Append(CultureInfo.InvariantCulture,
                $" AND status IN ({string.Join(',', _query.Statuses.Select(status => (int)status))})");
        }

        if (_query.InstanceIdPrefix is not null)
        {
            sql.Append(" AND substr(id, 1, length(?2)) = ?2");
        }

        sql.Append(" AND created BETWEEN ?3 AND ?4 ORDER BY seq LIMIT ?5");
        using Statement find = connection.PrepareOnce(sql.ToString());
        find.Bind(1, _after);
        if (_query.InstanceIdPrefix is { } prefix)
        {
            find.Bind(2, prefix);
        }

        find.Bind(3, _query.CreatedFrom?.UtcTicks ?? 0).Bind(4, _query.CreatedTo?.UtcTicks ?? long.MaxValue)
            .Bind(5, _query.PageSize + 1);
        List<InstanceRow> rows = [];
        while (find.Step())
        {
            rows.Add(InstanceRow.Read(find, _query.IncludePayloads));
        }

        bool more = rows.Count > _query.PageSize;
        rows = more ? rows[.._query.PageSize] : rows;
        return new Page<OrchestrationState>(
            [.. rows.Select(row => row.ToState())], more ? rows[^1].Seq.ToString(CultureInfo.InvariantCulture) : null);
    }
}

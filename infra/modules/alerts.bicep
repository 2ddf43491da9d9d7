// Whom to tell when runs fail, work waits, people are slow to approve, or money runs. Cost: each rule by the month.
param name string
param location string
param tags object
param email string
param workspaceId string
param monthlySpend int

@description('The first day of the month in which the budget begins.')
param from string = utcNow('yyyy-MM-01')

resource people 'Microsoft.Insights/actionGroups@2023-01-01' = {
  name: 'ag-${name}'
  location: 'global'
  tags: tags
  properties: {
    groupShortName: 'agents'
    enabled: true
    emailReceivers: [
      {
        name: 'owner'
        emailAddress: email
        useCommonAlertSchema: true
      }
    ]
  }
}

var rules = [
  {
    name: 'failed-runs'
    text: 'More than five runs failed in a quarter of an hour.'
    query: 'AppRequests | where OperationName == "RunAgent" and Success == false'
    threshold: 5
    severity: 1
  }
  {
    name: 'queue-age'
    text: 'Steps wait longer than five minutes before they start.'
    query: 'AppMetrics | where Name == "durabletask.task.queue_age" and Max > 300'
    threshold: 0
    severity: 2
  }
  {
    name: 'approval-age'
    text: 'Something has waited for a person for more than four hours.'
    query: 'AppMetrics | where Name == "agentfunctions.approval.age" and Max > 14400'
    threshold: 0
    severity: 3
  }
]

resource alerts 'Microsoft.Insights/scheduledQueryRules@2023-12-01' = [
  for rule in rules: {
    name: '${rule.name}-${name}'
    location: location
    tags: tags
    kind: 'LogAlert'
    properties: {
      displayName: rule.name
      description: rule.text
      severity: rule.severity
      enabled: true
      scopes: [workspaceId]
      evaluationFrequency: 'PT5M'
      windowSize: 'PT15M'
      criteria: {
        allOf: [
          {
            query: rule.query
            timeAggregation: 'Count'
            operator: 'GreaterThan'
            threshold: rule.threshold
          }
        ]
      }
      actions: { actionGroups: [people.id] }
    }
  }
]

resource spend 'Microsoft.Consumption/budgets@2023-11-01' = {
  name: 'spend-${name}'
  properties: {
    category: 'Cost'
    amount: monthlySpend
    timeGrain: 'Monthly'
    timePeriod: { startDate: from }
    notifications: {
      most: {
        enabled: true
        operator: 'GreaterThan'
        threshold: 80
        contactEmails: [email]
      }
      all: {
        enabled: true
        operator: 'GreaterThan'
        threshold: 100
        contactEmails: [email]
      }
    }
  }
}

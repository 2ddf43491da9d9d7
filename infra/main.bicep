// samples/FunctionApp on Azure, with no key in any file: every part is reached by one user-assigned identity.
targetScope = 'subscription'

@minLength(1)
@maxLength(40)
@description('The name of the environment; part of every name.')
param environmentName string

@description('The region of everything.')
param location string

@description('Who deploys and shall be able to read the key of the API; empty for nobody.')
param principalId string = ''

@secure()
@minLength(16)
@description('What callers of the API send as Authorization: Bearer. By default the key that the vault has, else a new one.')
param apiKey string?

@secure()
@description('Leave it to its default.')
param newApiKey string = newGuid()

@description('The vault of an earlier deployment, whose key of the API is kept unless one is given; empty for the first.')
param vaultName string = ''

@allowed(['DurableTaskScheduler', 'AzureStorage'])
@description('Where orchestrations are kept. Cost: see the module scheduler; Azure Storage bills each operation instead.')
param backend string = 'DurableTaskScheduler'

@allowed(['Consumption', 'Dedicated'])
@description('Consumption bills each action and takes 500 a second; Dedicated bills each capacity unit and takes 2,000 a second with it.')
param schedulerSku string = 'Consumption'

@minValue(1)
@maxValue(3)
@description('Capacity units of a Dedicated scheduler; three make it highly available.')
param schedulerCapacity int = 1

@description('Put storage, vault, scheduler and model behind private endpoints in a virtual network of their own.')
param privateNetwork bool = false

@description('The model; the deployment has its name.')
param model string = 'gpt-5.4-mini'

@description('The version of the model.')
param modelVersion string = '2026-03-17'

@description('Where the model is served; a Standard one stays in its region.')
param modelSku string = 'GlobalStandard'

@minValue(1)
@description('How many thousand tokens a minute the deployment gets; a limit, not a price.')
param modelCapacity int = 100

@description('US dollars per million tokens sent, such as 0.25; empty for not known, and then the alert on what models cost stays silent.')
param modelPriceInput string = ''

@description('US dollars per million tokens received.')
param modelPriceOutput string = ''

@minValue(1)
@maxValue(1000)
@description('The most instances that the app scales out to.')
param maximumInstances int = 40

@allowed([512, 2048, 4096])
@description('Memory of an instance in MB.')
param instanceMemoryMB int = 2048

@minValue(0)
@description('Instances for orchestrations that are always up; 0 saves money and costs a cold start.')
param alwaysReady int = 1

@minValue(0)
@description('Instances for the API that are always up; 0 costs the first caller a cold start.')
param alwaysReadyHttp int = 0

@minValue(1)
@maxValue(1000)
@description('Requests to the API that an instance takes at once; with more the app scales out. An open event stream is one.')
param httpConcurrency int = instanceMemoryMB < 2048 ? 50 : 200

@secure()
@description('Further settings of the app, by name; each is text. Who deploys anew removes what was set on the app by other ways.')
param settings { *: string } = {}

@description('Who gets the alerts; empty for nobody.')
param alertEmail string = ''

@description('The spend in a month, in the currency of the subscription, at 80 and 100 % of which alertEmail hears.')
param monthlySpend int = 200

@description('The first day of the month in which the budget began, which Azure does not let change; empty for the first deployment.')
param budgetFrom string = ''

@description('Leave it to its default.')
param month string = utcNow('yyyy-MM-01')

var token = toLower(uniqueString(subscription().id, environmentName, location))
var firstMonth = empty(budgetFrom) ? month : budgetFrom
var tags = { 'azd-env-name': environmentName }

resource group 'Microsoft.Resources/resourceGroups@2024-03-01' = {
  name: 'rg-${environmentName}'
  location: location
  tags: tags
}

module identity 'modules/identity.bicep' = {
  scope: group
  name: 'identity'
  params: {
    name: 'id-${token}'
    location: location
    tags: tags
  }
}

module network 'modules/network.bicep' = if (privateNetwork) {
  scope: group
  name: 'network'
  params: {
    name: 'vnet-${token}'
    location: location
    tags: tags
  }
}

module monitoring 'modules/monitoring.bicep' = {
  scope: group
  name: 'monitoring'
  params: {
    name: token
    location: location
    tags: tags
    principalId: identity.outputs.principalId
  }
}

module storage 'modules/storage.bicep' = {
  scope: group
  name: 'storage'
  params: {
    name: 'st${token}'
    location: location
    tags: tags
    principalId: identity.outputs.principalId
    keepsOrchestrations: backend == 'AzureStorage'
    endpointSubnetId: privateNetwork ? network!.outputs.endpointSubnetId : ''
    networkId: privateNetwork ? network!.outputs.id : ''
  }
}

module scheduler 'modules/scheduler.bicep' = if (backend == 'DurableTaskScheduler') {
  scope: group
  name: 'scheduler'
  params: {
    name: 'dts-${token}'
    location: location
    tags: tags
    principalId: identity.outputs.principalId
    sku: schedulerSku
    capacity: schedulerCapacity
    endpointSubnetId: privateNetwork ? network!.outputs.endpointSubnetId : ''
    networkId: privateNetwork ? network!.outputs.id : ''
  }
}

module openai 'modules/openai.bicep' = {
  scope: group
  name: 'openai'
  params: {
    name: 'oai-${token}'
    location: location
    tags: tags
    principalId: identity.outputs.principalId
    model: model
    modelVersion: modelVersion
    modelSku: modelSku
    modelCapacity: modelCapacity
    endpointSubnetId: privateNetwork ? network!.outputs.endpointSubnetId : ''
    networkId: privateNetwork ? network!.outputs.id : ''
  }
}

module vault 'modules/vault.bicep' = {
  scope: group
  name: 'vault'
  params: {
    name: 'kv-${token}'
    location: location
    tags: tags
    principalId: identity.outputs.principalId
    readerId: principalId
    apiKey: apiKey ?? newApiKey
    keepsApiKey: !empty(vaultName) && apiKey == null
    endpointSubnetId: privateNetwork ? network!.outputs.endpointSubnetId : ''
    networkId: privateNetwork ? network!.outputs.id : ''
  }
}

module app 'modules/app.bicep' = {
  scope: group
  name: 'app'
  params: {
    name: 'func-${token}'
    planName: 'plan-${token}'
    location: location
    tags: union(tags, { 'azd-service-name': 'api' })
    identityId: identity.outputs.id
    identityClientId: identity.outputs.clientId
    storageName: storage.outputs.name
    deploymentContainer: storage.outputs.deploymentContainer
    applicationInsights: monitoring.outputs.connectionString
    schedulerEndpoint: backend == 'DurableTaskScheduler' ? scheduler!.outputs.endpoint : ''
    taskHub: backend == 'DurableTaskScheduler' ? scheduler!.outputs.taskHub : ''
    openaiEndpoint: openai.outputs.endpoint
    openaiDeployment: openai.outputs.deployment
    modelPriceInput: modelPriceInput
    modelPriceOutput: modelPriceOutput
    apiKeyUri: vault.outputs.apiKeyUri
    subnetId: privateNetwork ? network!.outputs.appSubnetId : ''
    maximumInstances: maximumInstances
    instanceMemoryMB: instanceMemoryMB
    alwaysReady: alwaysReady
    alwaysReadyHttp: alwaysReadyHttp
    httpConcurrency: httpConcurrency
    settings: settings
  }
}

module alerts 'modules/alerts.bicep' = if (!empty(alertEmail)) {
  scope: group
  name: 'alerts'
  params: {
    name: token
    location: location
    tags: tags
    email: alertEmail
    workspaceId: monitoring.outputs.workspaceId
    monthlySpend: monthlySpend
    budgetFrom: firstMonth
  }
}

output AZURE_LOCATION string = location
output AZURE_KEY_VAULT_NAME string = vault.outputs.name
output AGENTFUNCTIONS_BUDGET_FROM string = empty(alertEmail) ? budgetFrom : firstMonth
output DurableTaskScheduler string = backend == 'DurableTaskScheduler' ? 'true' : 'false'
output API_URL string = app.outputs.url
